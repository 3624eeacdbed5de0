"""Values of a mapping: from cells to texts."""

import pytest

from tests.mappings import record_of, records_of, refusals_of


def test_a_text_without_braces_is_literal() -> None:
    assert record_of('event.title = "Battery act"', "a\n1\n") == {"title": "Battery act"}


def test_a_column_in_braces_is_replaced_by_its_cell() -> None:
    assert record_of('event.title = "{name}"', "name\nBattery act\n") == {"title": "Battery act"}


def test_doubled_brackets_stand_for_the_characters() -> None:
    assert record_of('event.title = "{{name}} [[{name}]]"', "name\nact\n") == {"title": "{name} [act]"}


@pytest.mark.parametrize(
    ("row", "title"),
    [("JP,Battery act,2024", "JP: Battery act (2024)"), ("JP,Battery act,", "JP: Battery act")],
)
def test_a_part_in_brackets_is_left_out_if_its_column_is_empty(row: str, title: str) -> None:
    toml = 'event.title = "{country}: {name}[ ({year})]"'
    assert record_of(toml, f"country,name,year\n{row}\n") == {"title": title}


def test_a_template_with_an_empty_column_is_empty() -> None:
    csv = "country,name\nJP,\n"
    assert record_of('event.summary = "{country}: {name}"', csv) == {}
    assert refusals_of('event.title = "{country}: {name}"', csv) == [((2,), ["country, name: Is empty, but required."])]


def test_first_of_gives_the_first_value_that_is_not_empty() -> None:
    toml = 'event.title.first_of = ["{long}", "{short}", "untitled"]'
    csv = "id,long,short\n1,Long,Short\n2,,Short\n3,,\n"
    assert [record["title"] for record in records_of(toml, csv)] == ["Long", "Short", "untitled"]


def test_otherwise_replaces_an_empty_value() -> None:
    toml = 'event.title = { column = "long", otherwise = { column = "short", otherwise = "untitled" } }'
    csv = "id,long,short\n1,Long,Short\n2,,Short\n3,,\n"
    assert [record["title"] for record in records_of(toml, csv)] == ["Long", "Short", "untitled"]


def test_a_value_can_have_a_condition() -> None:
    toml = 'event.summary = { column = "note", when = { column = "public", is = ["yes", "y*"] } }'
    csv = "note,public\na,yes\nb,no\nc,Yes, of course\n".replace("Yes, of course", '"Yes, of course"')
    assert [record.get("summary") for record in records_of(toml, csv)] == ["a", None, "c"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('{ column = "a", is = "x" }', [True, False, False]),
        ('{ column = "a", is = "{b}" }', [True, False, False]),
        ('{ column = "a", is_not = "x" }', [False, True, True]),
        ('{ column = "a", filled = true }', [True, True, False]),
        ('{ column = "a", filled = false }', [False, False, True]),
        ('[{ column = "a", filled = true }, { column = "a", is_not = "x" }]', [False, True, False]),
        ('{ column = "a", split = ";", is = "z" }', [False, True, False]),
    ],
)
def test_a_condition_tests_a_cell(condition: str, *, holds: list[bool]) -> None:
    toml = f'event.summary = {{ text = "yes", when = {condition} }}'
    csv = "a,b\nX,x\ny; z,x\n,x\n"
    assert ["summary" in record for record in records_of(toml, csv)] == holds


@pytest.mark.parametrize(
    ("day", "limit", "up_to"),
    [
        ("2020-12-31", "2020", True),
        ("2021-01-01", "2020", False),
        ("2020", "2020-06-30", False),
        ("2020", "2020", True),
        ("2020/..", "2030", False),
        ("", "2020", False),
        ("2020", "", False),
    ],
)
def test_up_to_holds_for_dates_that_are_surely_not_later(day: str, limit: str, *, up_to: bool) -> None:
    toml = 'event.summary = { text = "yes", when = { column = "day", up_to = "{limit}" } }'
    assert ("summary" in record_of(toml, f"day,limit,x\n{day},{limit},x\n")) is up_to


def test_an_invalid_date_cannot_be_compared() -> None:
    toml = 'event.summary = { text = "yes", when = { column = "day", up_to = "2020" } }'
    assert refusals_of(toml, "day\nsoon\n") == [
        ((2,), ['day: "soon" is not a date such as 2021, 2021-04 or 2021-04-01.'])
    ]


def test_a_table_replaces_a_text() -> None:
    toml = """
        event.status = { column = "state", table = "states" }
        [tables.states]
        "In force" = "in_force"
        "Ended*" = "expired"
        "Unknown" = ""
    """
    csv = 'state\nin  FORCE\nEnded in 2020\nunknown\n""\nEnded\n'
    assert [record.get("status") for record in records_of(toml, csv)] == ["in_force", "expired", None, "expired"]


def test_a_text_that_is_not_in_the_table_is_refused() -> None:
    toml = 'event.status = { column = "state", table = { "In force" = "in_force" } }'
    assert refusals_of(toml, "state\nIn force\nIn farce\n") == [((3,), ['state: "In farce" is not in the table.'])]
    where = 'event.status = { column = "state", table = "states" }\ntables.states = { "In force" = "in_force" }'
    assert refusals_of(where, "state\nIn farce\n") == [((2,), ['state: "In farce" is not in the table states.'])]


@pytest.mark.parametrize(("unknown", "status"), [("planned", "planned"), ("", None)])
def test_unknown_replaces_texts_that_are_not_in_the_table(unknown: str, status: str | None) -> None:
    toml = f'event.status = {{ column = "s", table = {{ "In force" = "in_force" }}, unknown = "{unknown}" }}'
    assert record_of(toml, "s\n?\n").get("status") == status


def test_replace_leaves_unknown_texts_unchanged() -> None:
    toml = 'event.title = { column = "who", replace = { "The Union" = "EU" } }'
    assert [record["title"] for record in records_of(toml, "who\nthe union\nJapan\n")] == ["EU", "Japan"]


def test_several_texts_come_in_the_order_of_the_table() -> None:
    toml = """
        event.instruments = { column = "how", split = ",", table = "how" }
        [tables.how]
        "Subsidies" = "grant"
        "Obligation schemes" = ["obligation", "quota"]
        "Other" = ""
    """
    csv = 'how\n"Obligation schemes, Other, ,Subsidies,subsidies"\n'
    assert record_of(toml, csv) == {"instruments": ["grant", "obligation", "quota"]}


def test_a_single_value_is_the_one_whose_line_comes_first_in_the_table() -> None:
    toml = """
        event.event_type = { column = "what", split = [";", "|"], table = "what" }
        [tables.what]
        "Law" = "legislation"
        "*" = "strategy"
        "Decree" = "regulation"
    """
    csv = "what\nPlan;Decree\nPlan|Law\nDecree\n"
    assert [record["event_type"] for record in records_of(toml, csv)] == ["strategy", "legislation", "regulation"]


def test_split_texts_can_be_joined_again() -> None:
    toml = 'event.summary = { column = "a", split = ";", join = " / " }'
    assert record_of(toml, "a\n x; y ;x;\n") == {"summary": "x / y"}


def test_a_list_can_have_several_values_each_once() -> None:
    toml = 'event.tags = ["tracker", "{a}", { column = "b", split = ",", as = "lower case" }]'
    assert record_of(toml, 'a,b\nx,"X,Y"\n') == {"tags": ["tracker", "x", "y"]}


def test_web_addresses_are_found_in_any_text() -> None:
    toml = 'event.tags = { column = "a", find = "links" }'
    csv = 'a\n"(see;2011);http://a.example/x(1).pdf, www.b.example. https://c.example;https://d.example/https://e.example"\n'
    assert record_of(toml, csv)["tags"] == [
        "http://a.example/x(1).pdf",
        "http://www.b.example",
        "https://c.example",
        "https://d.example/https://e.example",
    ]


def test_markup_becomes_the_text_that_a_browser_shows() -> None:
    toml = 'event.description = { column = "a", html = true }'
    csv = 'a\n"<div>A&nbsp;&amp; <b>b</b><br/>c<script>no()</script></div><ul><li>x</li><li>y</li></ul>3 < 4"\n'
    assert record_of(toml, csv) == {"description": "A & b\nc\n\n- x\n- y\n3 < 4"}


@pytest.mark.parametrize(
    ("text", "code"),
    [("AFG", "AF"), ("jp", "JP"), ("EUE", "EU"), ("EUR", "EU"), ("XKX", "XK"), ("South Korea", "KR"), ("Turkey", "TR")],
)
def test_a_jurisdiction_is_recognised_in_many_spellings(text: str, code: str) -> None:
    toml = """
        [[event.participants]]
        name = { column = "c", as = "country name" }
        role = "party"
        jurisdiction = "{c}"
    """
    [who] = record_of(toml, f"c\n{text}\n")["participants"]
    assert who["jurisdiction"] == code


def test_an_unknown_country_is_refused() -> None:
    toml = """
        [[event.participants]]
        name = "{c}"
        role = "party"
        jurisdiction = "{c}"
    """
    problem = "is not a known country or union."
    assert refusals_of(toml, "c\nAtlantis\n") == [((2,), [f'c: "Atlantis" {problem}'])]


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("1,234.56", "1,234.50", "1234.5"),
        ("1,234.56", "1234", "1234"),
        ("1.234,56", "1.234,5", "1234.5"),
        ("1.234,56", "12 000", "12000"),
        ("1,234.56", "-0.30", "-0.3"),
        (
            "1,234.56",
            "123456789012345678901234567890.123456789012345678",
            "123456789012345678901234567890.123456789012345678",
        ),
    ],
)
def test_a_number_is_read_in_its_format(form: str, text: str, value: str) -> None:
    assert _figure(f'number = "{form}"', text) == value


def test_numbers_can_be_multiplied_exactly() -> None:
    assert _figure('number = "1,234.56", times = 1000000', "19.8") == "19800000"
    assert (
        _figure('number = "1,234.56", times = 1000', "12345678901234567890.5555555555")
        == "12345678901234567890555.5555555"
    )


@pytest.mark.parametrize("text", ["12,34", "about 3", "1e5", "1.2.3"])
def test_an_invalid_number_is_refused(text: str) -> None:
    toml = '[[event.figures]]\nmeasure = "budget"\nvalue = { column = "n", number = "1,234.56" }'
    assert refusals_of(toml, f'n\n"{text}"\n') == [((2,), [f'n: "{text}" is not a number written as 1,234.56.'])]


def _figure(step: str, text: str) -> str:
    toml = f'[[event.figures]]\nmeasure = "budget"\nvalue = {{ column = "n", {step} }}'
    [figure] = record_of(toml, f'n\n"{text}"\n')["figures"]
    return str(figure["value"])


def test_a_slug_is_made_of_any_text_and_is_unique() -> None:
    toml = """
        [[event.external_ids]]
        scheme = "t"
        value = { text = "{c}: {t}", as = "slug" }
    """
    long = "Very " * 60 + "long"
    csv = f"c,t\nFR,Loi n° 5 «énergie»\nFR,{long}\nFR,{long}er\nRU,Закон\nRU,Указ\n"
    values = [record["external_ids"][0]["value"] for record in records_of(toml, csv)]
    assert values[0].startswith("fr-loi-n")
    assert len(set(values)) == 5
    assert max(map(len, values)) == 64


def test_a_cut_text_ends_after_a_word() -> None:
    toml = 'event.title = { column = "t", cut = 20 }'
    csv = "t\nA law on batteries and more\nA law on batteries\n"
    assert [record["title"] for record in records_of(toml, csv)] == ["A law on batteries…", "A law on batteries"]


def test_a_text_that_is_too_long_is_refused_instead_of_cut() -> None:
    too_long = "is longer than 500 characters."
    assert refusals_of('event.title = "{t}"', f"t\n{'x' * 501}\n") == [((2,), [f't: "{"x" * 200}…" {too_long}'])]


def test_titles_are_one_line_and_descriptions_keep_paragraphs() -> None:
    toml = 'event.title = "{t}"\nevent.description = "{t}"'
    assert record_of(toml, 't\n" a  b \r\n\r\n\r\n\r\n c "\n') == {"title": "a b c", "description": "a b\n\nc"}


def test_all_errors_of_a_row_are_reported() -> None:
    toml = """
        event.status = { column = "state", table = { "In force" = "in_force" } }
        event.lang = "{lang}"
        [[event.dates]]
        kind = "adopted"
        edtf = { column = "day", date = "dd/mm/yyyy" }
        modality = "actual"
    """
    assert refusals_of(toml, "state,lang,day\n?,english!,2020\n") == [
        (
            (2,),
            [
                'lang: "english!" Must be a BCP 47 language tag such as "en" or "zh-Hant".',
                'state: "?" is not in the table.',
                'day: "2020" is not a date written as dd/mm/yyyy.',
            ],
        )
    ]


LINKS = """
    [[event.sources]]
    each = {{ column = "link", find = "links"{unknown}, into = "address" }}
    type = "web_page"
    url = "{{address}}"
    [[event.sources]]
    type = "data_set"
"""


@pytest.mark.parametrize("text", ["see the gazette", "www", "http://", "doi 10.1000/1"])
def test_a_link_column_without_a_link_refuses_its_row(text: str) -> None:
    assert refusals_of(LINKS.format(unknown=""), f"link,x\n{text},1\n") == [
        ((2,), [f'link: "{text}" has no web address.'])
    ]


def test_a_text_without_a_link_may_be_left_out_or_replaced() -> None:
    csv = "link\nsee the gazette\nsee https://a.example\n"
    for unknown, urls in (("", []), ("https://d.example", ["https://d.example"])):
        first, second = records_of(LINKS.format(unknown=f', unknown = "{unknown}"'), csv)
        assert [one["url"] for one in first["sources"] if "url" in one] == urls
        assert [one["url"] for one in second["sources"] if "url" in one] == ["https://a.example"]


def test_an_empty_link_column_is_no_error() -> None:
    assert record_of(LINKS.format(unknown=""), "link,x\n,1\n")["sources"] == [{"type": "data_set"}]


@pytest.mark.parametrize(
    ("cell", "ends"),
    [
        ("10\u201315", ("10000", "15000")),
        ("10 - 15", ("10000", "15000")),
        ("1,000.5 to 2,000", ("1000500", "2000000")),
        ("-5\u2013-3", ("-5000", "-3000")),
        ("12", ("12000", None)),
        ("-12", ("-12000", None)),
    ],
)
def test_a_range_in_one_cell_has_two_ends(cell: str, ends: tuple[str, str | None]) -> None:
    toml = """
        [[event.figures]]
        measure = "budget"
        value = { column = "c", number = "1,234.56", times = 1000, range = "least" }
        value_max = { column = "c", number = "1,234.56", times = 1000, range = "greatest" }
        currency = "EUR"
    """
    [figure] = record_of(toml, f'c\n"{cell}"\n')["figures"]
    assert (figure["value"], figure.get("value_max")) == ends


def test_a_cell_that_is_no_range_is_refused() -> None:
    toml = """
        [[event.figures]]
        measure = "budget"
        value = { column = "c", number = "1,234.56", range = "least" }
        unit = "GWh"
    """
    problem = "is not a number written as 1,234.56."
    for cell in ("15-10", "10-", "ten to twelve"):
        assert refusals_of(toml, f"c\n{cell}\n") == [((2,), [f'c: "{cell}" {problem}'])]
