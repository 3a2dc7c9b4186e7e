"""On an English page Japanese words say so, and nothing else of the page changes."""

from __future__ import annotations

import re

import pytest

from webapp.web.foreign import marked


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("<p>After documents of 山梨市.</p>", '<p>After documents of <span lang="ja">山梨市</span>.</p>'),
        (
            "<p>住民基本台帳法 第12条\n手数料条例 別表第1</p>",
            '<p><span lang="ja">住民基本台帳法 第12条\n手数料条例 別表第1</span></p>',
        ),
        (
            "<b>北町（きたまち）1-2, Mihon</b>",
            '<b><span lang="ja">北町（きたまち）</span>1-2, Mihon</b>',
        ),
        ("<dd>髙﨑𠮷郎 様</dd>", '<dd><span lang="ja">髙﨑𠮷郎 様</span></dd>'),
        (
            "<select><option>ballet</option><option value='a'>球技</option></select>",
            "<select><option>ballet</option><option lang=\"ja\" value='a'>球技</option></select>",
        ),
        ("<textarea name='a'>春の会</textarea>", "<textarea lang=\"ja\" name='a'>春の会</textarea>"),
    ],
)
def test_japanese_words_are_marked(page: str, shown: str) -> None:
    assert marked(page) == shown


@pytest.mark.parametrize(
    "page",
    [
        "<p>Centre・Mihon City</p>",
        '<p lang="ja"><b>根拠</b>第1条</p>',
        "<a lang='ja' href='?lang=ja'>日本語</a>",
        "<head><title>時間</title></head>",
        "<script>'時間'</script>",
        '<input value="見本 花子">',
        '<option lang="ja">球技</option>',
        "<option>ball games (球技)</option>",
        "<textarea>see 球技</textarea>",
        "<!-- 球技 -->",
    ],
)
def test_what_says_it_already_or_cannot_say_it_is_left_alone(page: str) -> None:
    assert marked(f"<select>{page}</select>" if page.startswith("<option") else page).count("<span") == 0
    assert marked(page) == page or page.startswith("<option")


def test_taking_the_marks_away_gives_the_page_back() -> None:
    page = "<main><p>a 市民会館 b</p><ul><li>第1条<li>c</ul>終</main>"
    assert re.sub(r'<span lang="ja">(.*?)</span>', r"\1", marked(page)) == page
