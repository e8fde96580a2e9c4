import uvloop, asyncio, pytest, sys
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
sys.exit(pytest.main(sys.argv[1:]))
