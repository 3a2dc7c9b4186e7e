"""The words of messages.py. Each says what to do next; {label} is the question."""

from webapp.yaml_source import Text


def _(ja: str, easy: str, en: str) -> Text:
    return Text(ja=ja, easy=easy, en=en)


PARTS = {
    "prefecture": _("都道府県", "都道府県", "prefecture"),
    "city": _("市区町村", "市区町村", "city"),
    "town": _("町名", "町の 名前", "town"),
}

WEEKDAY_NAMES = {
    "mon": _("月曜", "月曜日", "Monday"),
    "tue": _("火曜", "火曜日", "Tuesday"),
    "wed": _("水曜", "水曜日", "Wednesday"),
    "thu": _("木曜", "木曜日", "Thursday"),
    "fri": _("金曜", "金曜日", "Friday"),
    "sat": _("土曜", "土曜日", "Saturday"),
    "sun": _("日曜", "日曜日", "Sunday"),
}

TEXTS: dict[str, Text] = {
    "wrong": _(
        "「{label}」を確認してください。", "「{label}」を もう一度 見て ください。", "Check “{label}”."
    ),
    "required_enter": _(
        "「{label}」を入力してください。", "「{label}」を 書いて ください。", "Enter “{label}”."
    ),
    "required_radio": _(
        "「{label}」を選んでください。",
        "「{label}」を 1つ 選んで ください。",
        "Choose an answer for “{label}”.",
    ),
    "required_select": _(
        "「{label}」を選んでください。",
        "「{label}」を 1つ 選んで ください。",
        "Choose an answer for “{label}”.",
    ),
    "required_multiselect": _(
        "「{label}」を1つ以上選んでください。",
        "「{label}」を 1つか、もっと たくさん 選んで ください。",
        "Choose at least one answer for “{label}”.",
    ),
    "required_checkbox": _(
        "「{label}」を確認して、チェックを入れてください。",
        "「{label}」を 読んで、□を おして ください。",
        "Read “{label}” and tick the box.",
    ),
    "required_file": _(
        "「{label}」のファイルを選んでください。スマートフォンで撮った写真でもかまいません。",
        "「{label}」の ファイルを 選んで ください。スマートフォンの 写真でも いいです。",
        "Choose a file for “{label}”. A photograph from your phone is fine.",
    ),
    "required_group": _(
        "「{label}」を1件以上追加してください。",
        "「{label}」を 1つ 足して ください。",
        "Add at least one entry to “{label}”.",
    ),
    "not_text": _(
        "「{label}」を文字で入力してください。",
        "「{label}」を 文字で 書いて ください。",
        "Enter “{label}” as text.",
    ),
    "not_kana": _(
        "「{label}」はカタカナで入力してください(例 ヤマダ ハナコ)。",
        "「{label}」は カタカナで 書いて ください(例 ヤマダ ハナコ)。",
        "Enter “{label}” in katakana (for example ヤマダ ハナコ).",
    ),
    "not_integer": _(
        "「{label}」は数字で入力してください(例 2)。",
        "「{label}」は 数字で 書いて ください(例 2)。",
        "Enter “{label}” as a whole number (for example 2).",
    ),
    "not_decimal": _(
        "「{label}」は数字で入力してください(例 3.2)。",
        "「{label}」は 数字で 書いて ください(例 3.2)。",
        "Enter “{label}” as a number (for example 3.2).",
    ),
    "not_money": _(
        "「{label}」は金額を数字で入力してください(例 5000)。",
        "「{label}」は お金を 数字で 書いて ください(例 5000)。",
        "Enter “{label}” as an amount in yen (for example 5000).",
    ),
    "not_date": _(
        "「{label}」はカレンダーにある日付を入力してください(例 2026年4月1日、令和8年4月1日)。",
        "「{label}」は 年・月・日を 書いて ください(例 2026年4月1日)。",
        "Enter a real date for “{label}” (for example 2026 / 4 / 1).",
    ),
    "not_month": _(
        "「{label}」は年と月を入力してください(例 2026年4月)。",
        "「{label}」は 年と 月を 書いて ください(例 2026年4月)。",
        "Enter a year and month for “{label}” (for example 2026 / 4).",
    ),
    "not_year": _(
        "「{label}」は年を入力してください(例 2026、令和8)。",
        "「{label}」は 年を 書いて ください(例 2026)。",
        "Enter a year for “{label}” (for example 2026).",
    ),
    "not_time": _(
        "「{label}」は時刻を入力してください(例 9:30)。",
        "「{label}」は 時間を 書いて ください(例 9:30)。",
        "Enter a time for “{label}” (for example 9:30).",
    ),
    "not_postal": _(
        "「{label}」の郵便番号は7けたの数字で入力してください(例 600-0001)。",
        "「{label}」の 郵便番号は 7つの 数字で 書いて ください(例 600-0001)。",
        "Enter the postal code of “{label}” with 7 digits (for example 600-0001).",
    ),
    "not_address": _(
        "「{label}」を入力してください。", "「{label}」を 書いて ください。", "Enter “{label}”."
    ),
    "address_half": _(
        "「{label}」が途中までです。{parts}も入力するか、書いたところ（郵便番号など）をすべて消してください。",
        "「{label}」が ぜんぶ 書いて ありません。{parts}も 書くか、ぜんぶ 消して ください。",
        "“{label}” is incomplete. Enter the {parts} too, or clear all of it (the postal code as well).",
    ),
    "address_parts": _(
        "「{label}」の{parts}を入力してください。",
        "「{label}」の {parts}を 書いて ください。",
        "Enter the {parts} of “{label}”.",
    ),
    "not_tel": _(
        "「{label}」は市外局番からの10けたか11けたの数字で入力してください(例 090-1234-5678)。",
        "「{label}」は 10か 11の 数字で 書いて ください(例 090-1234-5678)。",
        "Enter “{label}” with 10 or 11 digits, area code first (for example 090-1234-5678).",
    ),
    "not_email": _(
        "「{label}」は name@example.jp のような形で入力してください。",
        "「{label}」は name@example.jp のように 書いて ください。",
        "Enter “{label}” in a form such as name@example.jp.",
    ),
    "not_checkbox": _(
        "「{label}」にチェックを入れてください。", "「{label}」の □を おして ください。", "Tick “{label}”."
    ),
    "not_file": _(
        "「{label}」のファイルを選び直してください。",
        "「{label}」の ファイルを もう一度 選んで ください。",
        "Choose the file for “{label}” again.",
    ),
    "not_place": _(
        "「{label}」の場所を地図で選ぶか、目印を言葉で書いてください。",
        "「{label}」の 場所を 地図で 選ぶか、言葉で 書いて ください。",
        "Choose the place for “{label}” on the map, or describe it in words.",
    ),
    "not_group": _(
        "「{label}」を入力し直してください。",
        "「{label}」を もう一度 書いて ください。",
        "Enter “{label}” again.",
    ),
    "not_offered": _(
        "「{label}」はいま選べない答えです。表示されている中から選び直してください。",
        "「{label}」を もう一度 選んで ください。見えている 答えから 選んで ください。",
        "Your answer for “{label}” is not available now. Choose one of those shown.",
    ),
    "only_digits": _(
        "「{label}」は数字だけで入力してください。",
        "「{label}」は 数字だけで 書いて ください。",
        "Enter “{label}” with digits only.",
    ),
    "only_letters_digits": _(
        "「{label}」は英字と数字だけで入力してください。",
        "「{label}」は アルファベットと 数字だけで 書いて ください。",
        "Enter “{label}” with letters and digits only.",
    ),
    "wrong_length": _(
        "「{label}」は{length}けたで入力してください。",
        "「{label}」は {length}文字で 書いて ください。",
        "Enter “{label}” with exactly {length} characters.",
    ),
    "too_short": _(
        "「{label}」は{min}文字以上で入力してください。",
        "「{label}」は {min}文字より 長く 書いて ください。",
        "Enter at least {min} characters for “{label}”.",
    ),
    "too_long": _(
        "「{label}」は{max}文字以内で入力してください。いま{over}文字多いです。",
        "「{label}」は {max}文字までです。{over}文字 少なく して ください。",
        "Shorten “{label}” by {over} characters; the limit is {max}.",
    ),
    "too_small": _(
        "「{label}」は{min}以上の数を入力してください。",
        "「{label}」は {min}か、もっと 大きい 数を 書いて ください。",
        "Enter {min} or more for “{label}”.",
    ),
    "too_big": _(
        "「{label}」は{max}以下の数を入力してください。",
        "「{label}」は {max}か、もっと 小さい 数を 書いて ください。",
        "Enter {max} or less for “{label}”.",
    ),
    "too_many_places": _(
        "「{label}」は小数点以下{places}けたまでで入力してください。",
        "「{label}」は 点の あとを {places}つまで 書いて ください。",
        "Enter “{label}” with at most {places} decimal places.",
    ),
    "too_few": _(
        "「{label}」を{min}つ以上選んでください。",
        "「{label}」を {min}つか、もっと 選んで ください。",
        "Choose at least {min} for “{label}”.",
    ),
    "too_many": _(
        "「{label}」は{max}つまで選べます。選択を減らしてください。",
        "「{label}」は {max}つまで 選ぶことが できます。少なく して ください。",
        "Choose at most {max} for “{label}”.",
    ),
    "too_few_rows": _(
        "「{label}」を{min}件以上追加してください。",
        "「{label}」を {min}つか、もっと 足して ください。",
        "Add at least {min} entries to “{label}”.",
    ),
    "too_many_rows": _(
        "「{label}」は{max}件までです。多い分は削除するか、分けて申し込んでください。",
        "「{label}」は {max}つまでです。少なく するか、分けて 申し込んで ください。",
        "“{label}” takes at most {max} entries. Remove some, or apply separately.",
    ),
    "too_many_files": _(
        "「{label}」のファイルは{max}個までです。いらないファイルを削除してください。",
        "「{label}」の ファイルは {max}つまでです。いらない ファイルを 消して ください。",
        "“{label}” takes at most {max} files. Remove some.",
    ),
    "too_few_files": _(
        "「{label}」のファイルは{min}個以上必要です。いま{given}個です。あと足りない分を追加してください。",
        "「{label}」の ファイルは {min}つ いります。いま {given}つです。ファイルを 足して ください。",
        "“{label}” needs at least {min} files; you added {given}. Add the others.",
    ),
    "file_too_big": _(
        "「{label}」の「{name}」は{max}MBより大きいので送れません。小さくして選び直してください。",
        "「{label}」の「{name}」は 大きすぎます。{max}MBより 小さく して ください。",
        "“{name}” in “{label}” is over {max} MB. Make it smaller and choose it again.",
    ),
    "too_early": _(
        "「{label}」は{earliest}以後を入力してください。",
        "「{label}」は {earliest}か、そのあとを 書いて ください。",
        "Enter {earliest} or later for “{label}”.",
    ),
    "too_late": _(
        "「{label}」は{latest}以前を入力してください。",
        "「{label}」は {latest}か、そのまえを 書いて ください。",
        "Enter {latest} or earlier for “{label}”.",
    ),
    "too_early_time": _(
        "「{label}」は{earliest}以後の時刻を入力してください。",
        "「{label}」は {earliest}か、そのあとの 時間を 書いて ください。",
        "Enter {earliest} or later for “{label}”.",
    ),
    "too_late_time": _(
        "「{label}」は{latest}以前の時刻を入力してください。",
        "「{label}」は {latest}か、そのまえの 時間を 書いて ください。",
        "Enter {latest} or earlier for “{label}”.",
    ),
    "deadline_passed": _(
        "この「{label}」の申し込みは{until}で締め切りました。{first}以後を選んでください。",
        "この「{label}」の 申し込みは {until}で 終わりました。{first}か、そのあとを 選んで ください。",
        "Applications for this “{label}” closed on {until}. Choose {first} or later.",
    ),
    "wrong_weekday": _(
        "「{label}」は{weekdays}の日を選んでください。",
        "「{label}」は {weekdays}の 日を 選んで ください。",
        "Choose a {weekdays} for “{label}”.",
    ),
    "closed_day": _(
        "「{label}」は窓口が休みの日です。{next}などの開いている日を選んでください。",
        "「{label}」は 窓口が 休みの 日です。{next}などを 選んで ください。",
        "The office is closed on that “{label}”. Choose an open day such as {next}.",
    ),
    "individual_number": _(
        "「{label}」にマイナンバー(個人番号)は書かないでください。12けたの数字を消してください。",
        "「{label}」に マイナンバーを 書かないで ください。12の 数字を 消して ください。",
        "Do not write your Individual Number (My Number) in “{label}”. Remove the 12 digits.",
    ),
}
