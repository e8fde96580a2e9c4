// Server-sent events by fetch, because EventSource can't send the Authorization header.
// After a drop the stream resumes with since=, so nothing is missed and nothing is read twice.

const SILENCE = 40_000; // the server sends at least a comment every 15 s
const LONGEST = 600; // milliseconds between attempts of a page that somebody looks at
const LONGEST_HIDDEN = 15_000;
const PATIENCE = 10_000; // for an answer to begin

async function* frames(response, onOctets) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onOctets();
    pending += value;
    const blocks = pending.split(/\r\n\r\n|\n\n|\r\r/);
    pending = blocks.pop();
    for (const block of blocks) {
      const frame = { event: "message", data: [], id: undefined, retry: undefined };
      for (const line of block.split(/\r\n|\n|\r/)) {
        const [, field, text] = /^([^:]*):? ?([^]*)$/.exec(line);
        if (field === "data") frame.data.push(text);
        else if (field) frame[field] = text;
      }
      if (frame.data.length) yield { ...frame, data: JSON.parse(frame.data.join("\n")) };
    }
  }
}

// `handlers`: state(state, hello), take(value, id), resync(data), refused() where the state means nothing any more.
export class Stream {
  constructor(api, since, handlers) {
    Object.assign(this, { api, since, handlers, closed: false, failures: 0 });
    this.#run();
  }

  close() {
    this.closed = true;
    this.abort?.abort();
    this.wake?.();
  }

  // Try again now: the page came back to the front, or the network did.
  nudge() {
    this.failures = 0;
    this.wake?.();
  }

  // The network is gone: what was open is worth nothing, whatever it says.
  drop() {
    this.abort?.abort();
  }

  async #run() {
    while (!this.closed) {
      const wait = await this.#once();
      if (this.closed) return;
      if (wait === 0) continue;
      this.handlers.state("waiting");
      await new Promise((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, wait);
      });
      this.wake = undefined;
    }
  }

  // One connection; the answer is how many milliseconds to wait before the next.
  async #once() {
    this.abort = new AbortController();
    let retry = null;
    let silence;
    const expect = (patience) => {
      clearTimeout(silence);
      silence = setTimeout(() => this.abort.abort(), patience);
    };
    try {
      expect(PATIENCE);
      const response = await this.api.events(this.since(), this.abort.signal);
      for await (const frame of frames(response, () => expect(SILENCE))) {
        this.failures = 0;
        if (frame.event === "bye") retry = frame.data.reason === "token-expired" ? 0 : frame.data.retry; // there is another
        else await this.#take(frame);
      }
    } catch (error) {
      if (error.status === 401) this.closed = true;
      if (error.status === 410 || error.status === 400) await this.handlers.refused().catch(() => {}); // next time, then
    } finally {
      clearTimeout(silence);
    }
    this.failures += 1;
    const longest = document.hidden ? LONGEST_HIDDEN : LONGEST;
    return retry ?? Math.min(longest, 150 * 2 ** Math.min(this.failures, 8)) * (0.5 + Math.random() / 2);
  }

  #take({ event, data, id }) {
    if (event === "hello") return this.handlers.state("live", data);
    if (event === "changes" || event === "folders") return this.handlers.take(data, id ?? null);
    return event === "resync" ? this.handlers.resync(data) : undefined;
  }
}
