"""HTML mail as shops and services send it, with remote pictures and trackers that the gateway takes out."""

from __future__ import annotations

from datetime import timedelta

from gateway.demo.mail.compose import Attachment, Sample, Who
from gateway.demo.mail.files import chart, landscape, logo

BOOKS: Who = ("Northlight Books", "letters@northlight.example.com")
CYCLES: Who = ("Harbour Cycles", "hello@harbour-cycles.example.com")
CLOUD: Who = ("Tideline Cloud", "reports@tideline.example.com")
GARDEN: Who = ("The Allotment Letter", "letter@allotment.example.org")

_PAGE = (
    '<html><head><style>h1{{font-size:24px}}</style></head><body style="margin:0;background:#f1f5f9">'
    '<table width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px">'
    '<table width="560" cellpadding="0" cellspacing="0" style="background:#ffffff;border-radius:12px">'
    '<tr><td style="padding:20px 32px;background:{colour};color:#ffffff;font:600 15px sans-serif;'
    'border-radius:12px 12px 0 0">{brand}</td></tr>'
    '<tr><td style="padding:28px 32px;font:15px/1.6 sans-serif;color:#1e293b">{body}</td></tr>'
    '<tr><td style="padding:16px 32px;font:12px sans-serif;color:#64748b">You get this letter because you asked for '
    'it. <a href="https://www.example.com/unsubscribe">Unsubscribe</a>'
    '<img src="https://track.example.com/open.gif?id=40412" width="1" height="1" alt=""></td></tr>'
    "</table></td></tr></table></body></html>"
)


def _button(label: str, colour: str) -> str:
    return (
        f'<p><a href="https://www.example.com/" style="display:inline-block;padding:10px 18px;border-radius:8px;'
        f'background:{colour};color:#ffffff;text-decoration:none;font-weight:600">{label}</a></p>'
    )


def newsletters() -> list[Sample]:
    return [
        Sample(
            "INBOX",
            BOOKS,
            "Six quiet novels for long evenings",
            timedelta(hours=3, minutes=12),
            "Six quiet novels for long evenings.\n\n1. The Lighthouse Ledger\n2. A Field Guide to Staying\n3. Low Tide",
            _PAGE.format(
                brand="NORTHLIGHT BOOKS",
                colour="#7c2d12",
                body="<h1>Six quiet novels for long evenings</h1><p>The nights draw in. Here is what our shop reads "
                "when the door is shut and the kettle is on.</p><ol><li><b>The Lighthouse Ledger</b> – a keeper, a "
                "storm, forty years of weather.</li><li><b>A Field Guide to Staying</b> – on not moving house.</li>"
                "<li><b>Low Tide</b> – two sisters and a boat.</li></ol>"
                '<p><img src="cid:shelf@northlight" alt="Evening over the hills" width="480"></p>'
                + _button("See the whole shelf", "#9a3412"),
            ),
            flags=(),
            attachments=(Attachment("evening.png", "image/png", landscape(), cid="shelf@northlight"),),
        ),
        Sample(
            "INBOX",
            CLOUD,
            "Your monthly report: 99.98 % up, 12 % less spent",
            timedelta(days=1, hours=5),
            "Availability 99.98 %. Requests 41.2 million. Spent 12 % less than the month before.",
            _PAGE.format(
                brand="TIDELINE CLOUD",
                colour="#1d4ed8",
                body="<h1>Your month in numbers</h1><table width='100%'><tr><td><b>99.98 %</b><br>up</td>"
                "<td><b>41.2 million</b><br>requests</td><td><b>−12 %</b><br>spent</td></tr></table>"
                '<p><img src="cid:chart@tideline" alt="Requests by month" width="420"></p>'
                "<p>Requests grew for the third month. Night-time scaling saved the most.</p>"
                + _button("Open the dashboard", "#2563eb"),
            ),
            flags=("\\Seen", "\\Flagged"),
            attachments=(Attachment("requests.png", "image/png", chart(), cid="chart@tideline"),),
        ),
        Sample(
            "INBOX",
            CYCLES,
            "Your order HC-20417 is on its way 🚲",
            timedelta(days=2, hours=1),
            'Your order HC-20417 is on its way.\n\n1 x Dynamo front light   48.00\n2 x Inner tube 28"      11.00\n',
            _PAGE.format(
                brand="HARBOUR CYCLES",
                colour="#0e7490",
                body='<img src="cid:badge@harbour" width="56" alt=""><h1>On its way</h1><table width="100%" '
                'cellpadding="6"><tr><td>1 × Dynamo front light</td><td align="right">48.00</td></tr><tr><td>2 × Inner '
                'tube 28"</td><td align="right">11.00</td></tr><tr><td><b>Total</b></td><td align="right"><b>59.00</b>'
                "</td></tr></table><p>The parcel should be with you on Thursday.</p>"
                + _button("Follow the parcel", "#0e7490"),
            ),
            attachments=(Attachment("badge.png", "image/png", logo(), cid="badge@harbour"),),
        ),
        Sample(
            "INBOX",
            GARDEN,
            "What to sow this week: broad beans, patience",
            timedelta(days=4, hours=7),
            "Broad beans go in now, two inches deep. Patience, any time.",
            _PAGE.format(
                brand="THE ALLOTMENT LETTER",
                colour="#166534",
                body="<h1>What to sow this week</h1><p><b>Broad beans</b> go in now, two inches deep, a hand apart. "
                "Cover them from the mice.</p><p><b>Garlic</b> wants a frost, so plant it before there is one.</p>"
                "<blockquote>The best time to plant a tree is twenty years ago. The second best is before lunch."
                "</blockquote>",
            ),
        ),
        Sample(
            "Junk",
            ("Prize Office", "winner@lottery.example.com"),
            "CONGRATULATIONS!!! You have won 4,000,000",
            timedelta(hours=9),
            "Click here to claim.",
            "<h1 style='color:red'>YOU HAVE WON</h1><script>alert('won')</script><p onclick='alert(1)'>Click "
            "<a href='javascript:alert(2)'>here</a> to claim <img src='https://track.example.com/w.gif'></p>",
            flags=("$Junk",),
        ),
        Sample(
            "Junk",
            ("Account Security", "no-reply@secure-login.example.com"),
            "Your mailbox is almost full: verify now",
            timedelta(days=1),
            "Your mailbox is 99 % full. Verify your password within 24 hours.",
            "<form action='https://phish.example.com/'><p>Your mailbox is <b>99 %</b> full.</p>"
            "<input name='password' type='password'><button>Verify</button></form>",
            flags=("$Junk",),
        ),
    ]
