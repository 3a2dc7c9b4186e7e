from webapp.web.downloads import disposition


def test_a_japanese_file_name_travels_in_latin_1() -> None:
    value = disposition("inline", "就労証明書.jpg")
    value.encode("latin-1")
    assert value.startswith('inline; filename="file.jpg"; filename*=UTF-8')


def test_a_plain_name_stays_as_it_is() -> None:
    assert disposition("attachment", "cases-1.csv") == 'attachment; filename="cases-1.csv"'


def test_a_name_cannot_break_out_of_the_header() -> None:
    assert "\n" not in disposition("inline", 'a"\r\nX-Bad: 1.pdf')
