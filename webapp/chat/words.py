"""What the chat says, in three languages. Public words only."""

from __future__ import annotations

from typing import Final

from webapp.yaml_source import Text

WORDS: Final[dict[str, Text]] = {
    "greeting": Text(
        ja="友だち追加ありがとうございます。手続きの名前や困りごとを書いてください。"
        "合うページをお知らせします。下のメニューからも選べます。",
        easy="ともだちに なって くれて ありがとう ございます。知りたい ことを ここに 書いて ください。",
        en="Thank you for adding us. Write what you need and we will show you the right page. "
        "You can also use the menu below.",
    ),
    "nothing": Text(
        ja="合うものが見つかりませんでした。短い言葉で書き直すか、電話でお尋ねください。",
        easy="見つかりませんでした。みじかい ことばで もう一度 書いて ください。電話でも 聞けます。",
        en="We found nothing that fits. Please try shorter words, or call us.",
    ),
    "found": Text(ja="こちらでしょうか。", easy="これですか。", en="Is this what you need?"),
    "open": Text(ja="ページを開く", easy="ページを 開く", en="Open the page"),
    "hours": Text(ja="受付時間", easy="あいて いる 時間", en="Hours"),
    "tel": Text(ja="電話", easy="電話", en="Tel"),
    "procedures": Text(
        ja="「わたしの手続き」は、次のページでサインインして見られます。",
        easy="「わたしの 手続き」は、次の ページで サインインして 見て ください。",
        en="Sign in on the next page to see your procedures.",
    ),
    "bookings": Text(
        ja="施設の空きと予約は、次のページで見られます。",
        easy="しせつの 予約（よやく）は、次の ページで 見て ください。",
        en="See free times and your bookings on the next page.",
    ),
    "report": Text(
        ja="道路などのこわれた所は、次のページから知らせてください。写真と場所を送れます。このリンクは1回だけ使えます。",
        easy="道が こわれて いたら、次の ページで おしえて ください。写真と 場所を 送れます。"
        "リンクは 1回だけ 使えます。",
        en="Please report damage on the next page. You can add a photo and the place. The link works once.",
    ),
    "report_button": Text(
        ja="知らせるページを開く", easy="おしえる ページを 開く", en="Open the report page"
    ),
    "person": Text(
        ja="職員がお答えします。下の番号へお電話ください。",
        easy="市役所の 人と 話せます。下の 番号に 電話して ください。",
        en="Our staff will help you. Please call the number below.",
    ),
    "topics": Text(
        ja="受け取りたいお知らせを選んでください。「✓」の付いたものは、押すと止められます。",
        easy="ほしい おしらせを えらんで ください。「✓」を おすと 止められます。",
        en="Choose what you want to receive. Tap one with ✓ to change or stop it.",
    ),
    "district": Text(
        ja="地域を選んでください。",
        easy="すんで いる ところを えらんで ください。",
        en="Choose your district.",
    ),
    "area": Text(ja="町名を選んでください。", easy="町の 名前を えらんで ください。", en="Choose your area."),
    "year": Text(
        ja="お子さんの生まれた年を選んでください。",
        easy="子どもが 生まれた 年を えらんで ください。",
        en="Choose your child's year of birth.",
    ),
    "month": Text(
        ja="生まれた月を選んでください。",
        easy="生まれた 月を えらんで ください。",
        en="Choose the month of birth.",
    ),
    "chosen": Text(
        ja="登録しました。ほかの地域やお知らせも選べます。",
        easy="えらびました。ほかの おしらせも えらべます。",
        en="Done. You can choose more areas and topics.",
    ),
    "stop": Text(ja="止める", easy="止める", en="Stop"),
    "stop_all": Text(ja="全部止める", easy="ぜんぶ 止める", en="Stop all"),
    "more_areas": Text(ja="地域を足す", easy="ほかの ところも", en="Add an area"),
    "more_children": Text(ja="お子さんを足す", easy="ほかの 子どもも", en="Add a child"),
    "born": Text(
        ja="{year}年{month}月生まれ", easy="{year}年{month}月に うまれた", en="born {year}-{month:02d}"
    ),
    "stopped": Text(ja="このお知らせを止めました。", easy="この おしらせを 止めました。", en="Stopped."),
    "link": Text(
        ja="手続きの進み具合をLINEで受け取れます。次のページでサインインしてください。いつでも解除できます。",
        easy="手続きの おしらせを LINEで 受け取れます。サインインして ください。いつでも やめられます。",
        en="Receive news about your procedures on LINE. Sign in on the next page. You can undo it later.",
    ),
    "link_button": Text(ja="連携する", easy="つなげる", en="Link"),
    "linked": Text(
        ja="連携しました。これからは手続きのお知らせがここに届きます。やめるときは「登録情報」のページで解除できます。",
        easy="つながりました。手続きの おしらせが ここに とどきます。いつでも やめられます。",
        en="Linked. News about your procedures will arrive here. You can undo this on your account page.",
    ),
    "try_phone": Text(
        ja="このLINEに、お知らせの試し送りが届くようにしました。",
        en="Trial notices will arrive on this phone.",
    ),
    "link_failed": Text(
        ja="連携できませんでした。時間が過ぎたか、使い終わったリンクです。もう一度お試しください。",
        easy="つながりませんでした。もう一度 して ください。",
        en="Linking did not work. Please try again from the start.",
    ),
    "photo": Text(
        ja="写真や位置は、ここでは受け取っていません。次のページから送ってください。",
        easy="写真は ここでは 送れません。次の ページから 送って ください。",
        en="We cannot take photos or places here. Please use the next page.",
    ),
    "garbage_none": Text(
        ja="地域が登録されていません。地域を選ぶと、次の収集日をお知らせします。",
        easy="すんで いる ところを えらぶと、ごみの日を おしらせ します。",
        en="Choose your area first to see the next collections.",
    ),
    "language": Text(
        ja="やさしい日本語にしました。", easy="やさしい 日本語に しました。", en="Changed to English."
    ),
    "menu_search": Text(ja="手続きをさがす", easy="手続きを さがす", en="Find a procedure"),
    "menu_topics": Text(ja="お知らせを選ぶ", easy="おしらせを えらぶ", en="Choose topics"),
    "menu_garbage": Text(ja="ごみの日", easy="ごみの日", en="Garbage days"),
    "menu_procedures": Text(ja="わたしの手続き", easy="わたしの 手続き", en="My procedures"),
    "menu_bookings": Text(ja="施設の予約", easy="しせつの 予約", en="Bookings"),
    "menu_report": Text(ja="道路の報告", easy="道が こわれた", en="Report damage"),
    "menu_person": Text(ja="職員に聞く", easy="人に 聞く", en="Ask a person"),
    "menu_link": Text(ja="LINE連携", easy="LINEと つなげる", en="Link LINE"),
    "ask": Text(
        ja="知りたいことを、短い言葉で書いてください。例: 住民票、粗大ごみ",
        easy="知りたい ことを みじかく 書いて ください。",
        en="Write a few words, for example: residence record, bulky waste.",
    ),
}
MENU: Final = ("search", "topics", "garbage", "procedures", "bookings", "report", "person", "link")
