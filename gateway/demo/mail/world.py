"""Mail in other scripts: subjects, names and a folder that ASCII can't spell."""

from __future__ import annotations

from datetime import timedelta

from gateway.demo.mail.compose import Attachment, Sample
from gateway.demo.mail.files import landscape

JAPANESE_FOLDER = "旅行"


def world() -> list[Sample]:
    return [
        Sample(
            "INBOX",
            ("みなと観光案内所", "annai@minato.example.org"),
            "秋の灯台めぐりのご案内",
            timedelta(hours=10),
            "こんにちは。\n\n今年も灯台めぐりの季節になりました。紅葉は来週が見頃です。\n船は毎時ゼロ分に出ます。\n\nみなと観光案内所",
            flags=(),
        ),
        Sample(
            "INBOX",
            ("مكتبة الميناء", "books@maktaba.example.org"),
            "كتابك جاهز للاستلام",
            timedelta(days=1, hours=10),
            "مرحباً،\n\nوصل الكتاب الذي طلبته، ويمكنك استلامه من المكتبة حتى يوم الخميس.\n\nمع التحية",
            '<div dir="rtl" style="font-size:16px"><p>مرحباً،</p><p>وصل الكتاب الذي طلبته، ويمكنك استلامه من المكتبة '
            "حتى يوم <b>الخميس</b>.</p><p>مع التحية</p></div>",
        ),
        Sample(
            "INBOX",
            ("Φάρος Θεσσαλονίκης", "faros@faros.example.org"),
            "Πρόσκληση: εγκαίνια του φάρου",
            timedelta(days=3),
            "Σας προσκαλούμε στα εγκαίνια του φάρου, το Σάββατο στις επτά το απόγευμα.",
            flags=("\\Seen", "\\Flagged"),
        ),
        Sample(
            "INBOX",
            ("Café Müßiggang", "gruesse@muessiggang.example.org"),
            "Größere Stücke, gleicher Preis 🍰☕",
            timedelta(days=2, hours=3),
            "Ab heute: größere Stücke zum gleichen Preis. Solange der Ofen hält.",
        ),
        Sample(
            JAPANESE_FOLDER,
            ("港ホテル", "yoyaku@minato-hotel.example.com"),
            "ご予約の確認（二泊）",
            timedelta(days=9),
            "ご予約を承りました。海側のお部屋を二泊でご用意いたします。",
            attachments=(Attachment("海の眺め.png", "image/png", landscape()),),
        ),
        Sample(
            JAPANESE_FOLDER,
            ("島鉄道", "kippu@shima-tetsudo.example.com"),
            "きっぷのお知らせ",
            timedelta(days=8),
            "きっぷは駅の窓口でお受け取りください。",
            flags=(),
        ),
    ]
