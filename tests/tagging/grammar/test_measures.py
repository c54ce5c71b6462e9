"""Amounts with units: read as people write them, in the label's unit, and given to the label that is meant."""

from __future__ import annotations

import pytest
from shops import CARS, FURNITURE, HEAD, HOMES, SHOP, schema_of

from bridge.entities import Interval, Stats
from bridge.schema import Schema, parse_schema
from bridge.tagging import QuantityMatch, find_quantities


def only(text: str, schema: Schema = SHOP) -> QuantityMatch:
    [match] = find_quantities(text, schema)
    return match


def values(text: str, schema: Schema = SHOP) -> dict[str, object]:
    """Label → value, of every reading of every match."""
    found = find_quantities(text, schema)
    return {entity.label: entity.value for match in found for entity in (match.entity, *match.others)}


def taken(text: str, schema: Schema = SHOP) -> list[str]:
    """What leaves the text."""
    return [text[start:end] for match in find_quantities(text, schema) for start, end in match.consumes]


@pytest.mark.parametrize(
    ("text", "label", "value"),
    [
        ("15 inch laptop", "screen_size", 15),
        ("15-inch laptop", "screen_size", 15),
        ("15in laptop", "screen_size", 15),
        ('15" laptop', "screen_size", 15),
        ("15'' laptop", "screen_size", 15),
        ("15.6″ laptop", "screen_size", 15.6),
        ("15,6 inch laptop", "screen_size", 15.6),
        ("38.1 cm laptop", "screen_size", 15),
        ("6 ft cable", "screen_size", 72),
        ("6' cable", "screen_size", 72),
        ("5'10\" mirror", "screen_size", 70),
        ("5 ft 10 in mirror", "screen_size", 70),
        ("5ft10in mirror", "screen_size", 70),
        ("1/2 inch binder", "screen_size", 0.5),
        ("½ inch binder", "screen_size", 0.5),
        ("3 1/2 inch drawer pull", "screen_size", 3.5),
        ('3-3/4" drawer pull', "screen_size", 3.75),
        ("500gb ssd", "storage", 500),
        ("1.5tb hard drive", "storage", 1500),
        ("60w bulb", "power", 60),
        ("1.5 kw kettle", "power", 1500),
        ("20-volt drill", "voltage", 20),
        ("500 g pasta", "weight", 0.5),
        ("2 lb 3 oz", "weight", 0.992233),
        ("7qt slow cooker", "volume", 6.624471),
        ("1/2gallon water bottle", "volume", 1.892706),
        ("1.1 cu ft microwave", "volume", 31.148531),
        ("12 fl. oz. mug", "volume", 0.354882),
        ("4 star hotel", "rating", 4),
        ("12-pack soda", "pieces", 12),
        ("pack of 12", "pieces", 12),
        ("20 degree sleeping bag", "temperature", 20),
        ("-20°C sleeping bag", "temperature", -4),
        ("2 year warranty", "warranty", 24),
        ("1h 30m battery", "battery_life", 1.5),
        ("two and a half hours battery", "battery_life", 2.5),
        ("10 hour battery", "battery_life", 10),
        ("beer 5%", "alcohol", 5),
        ("7 seater", "seats", 7),
        ("4-door sedan", "doors", 4),
        ("10000 mile lease", "mileage", 10000),
        ("110 kw", "power", 147.51243),
    ],
)
def test_a_unit_gives_the_label_and_the_value_is_in_the_labels_unit(text: str, label: str, value: float) -> None:
    schema = CARS if label in ("doors", "mileage") or text.startswith("110") else SHOP
    entity = only(text, schema).entity
    assert (entity.label, entity.value) == (label, value)


@pytest.mark.parametrize(
    ("text", "label", "value"),
    [
        ("tv over 50 inches", "screen_size", Interval(gt=50)),
        ("at least 16 gb of ram", "ram", Interval(gte=16)),
        ("ram: at least 16", "ram", Interval(gte=16)),
        ("minimum ram of 16 gb", "ram", Interval(gte=16)),
        ("at least a 4 star rating", "rating", Interval(gte=4)),
        ("4+ stars", "rating", Interval(gte=4)),
        ("4 or more stars", "rating", Interval(gte=4)),
        ("rated 4 or higher", "rating", Interval(gte=4)),
        ("4.5+ rating", "rating", Interval(gte=4.5)),
        ("60 watts or less", "power", Interval(lte=60)),
        ("no heavier than 2 kg", "weight", Interval(lte=2)),
        ("under a pound", "weight", Interval(lt=0.453592)),
        ("under an hour and a half", "battery_life", Interval(lt=1.5)),
        ("under 0 degrees celsius", "temperature", Interval(lt=32)),
        ("10-12 inch tablet", "screen_size", Interval(gte=10, lte=12)),
        ('10" to 12" tablet', "screen_size", Interval(gte=10, lte=12)),
        ("between 25.4 and 50.8 cm", "screen_size", Interval(gte=10, lte=20)),
        ("storage 500gb-1tb", "storage", Interval(gte=500, lte=1000)),
        ("exactly 16gb ram", "ram", Interval(gte=16, lte=16)),
        ("16gb or more ram", "ram", Interval(gte=16)),
        ("from 12 inches and up", "screen_size", Interval(gte=12)),
        ("at least 5 seats", "seats", Interval(gte=5)),
    ],
)
def test_comparators_and_ranges_work_for_every_unit(text: str, label: str, value: Interval) -> None:
    entity = only(text).entity
    assert (entity.label, entity.value) == (label, value)


@pytest.mark.parametrize(
    ("text", "label", "value"),
    [
        ("under fifty dollars", "price", Interval(lt=50)),
        ("under a hundred bucks", "price", Interval(lt=100)),
        ("between twenty and thirty-five dollars", "price", Interval(gte=20, lte=35)),
        ("two hundred and fifty watts", "power", 250),
        ("fifteen hundred watts", "power", 1500),
        ("thirty two inch tv", "screen_size", 32),
        ("two and a half inch screws", "screen_size", 2.5),
        ("half gallon bottle", "volume", 1.892706),
        ("three quarter inch plywood", "screen_size", 0.75),
        ("a dozen roses", "pieces", 12),
        ("half a dozen roses", "pieces", 6),
        ("set of two plates", "pieces", 2),
        ("five seater", "seats", 5),
        ("under five hundred", "price", Interval(lt=500)),
    ],
)
def test_number_words_count_where_something_counts_them(text: str, label: str, value: object) -> None:
    entity = only(text).entity
    assert (entity.label, entity.value) == (label, value)


@pytest.mark.parametrize(
    "text",
    [
        "the one",
        "one piece swimsuit",
        "one hour photo",
        "at least two",
        "seven samurai",
        "twelve monkeys",
        "all in one printer",
        "four seasons",
        "thousand island dressing",
        "a beautiful mind",
    ],
)
def test_number_words_of_names_and_pronouns_are_left_alone(text: str) -> None:
    assert find_quantities(text, SHOP) == []


@pytest.mark.parametrize(
    "text",
    [
        "iphone 12",
        "iphone 12 in black",
        "windows 10 laptop",
        "2 in 1 laptop",
        "2-in-1 laptop",
        "two in one charger",
        "3m tape",
        "5g phone",
        "4k tv",
        "1080p projector",
        "5w-30 oil",
        "10-20-10 fertilizer",
        "men's size 9 w",
        "wd-40",
        "covid-19 test",
        "1/2/2020",
        "24/7",
        "hp 15 laptop",
        "usb 3.0 hub",
        "air max 90",
        "20% off beer",
        "007 watch",
        "3 screen protectors",
        "tent for 4",
        "toys for 3 year olds",
        "2 years ago",
        "last 3 months",
        "used cars within 50 miles",
        "nike air max 270",
        "2 x 8gb",
    ],
)
def test_numbers_of_names_ages_and_places_are_left_alone(text: str) -> None:
    assert find_quantities(text, SHOP) == []


def test_max_in_a_name_compares_nothing() -> None:
    assert values("iphone 14 pro max 256gb") == {"ram": 256, "storage": 256}
    assert only("weight max 5 kg").entity.value == Interval(lte=5)
    assert only("laptop max $500").entity.value == Interval(lte=500)


@pytest.mark.parametrize(
    "text", ["15 in laptop", "laptop 15 in", "laptop, 15 in.", "15 in x 10 in", "tv at least 15 in", "15 in wide desk"]
)
def test_in_is_inches_where_it_can_be_no_preposition(text: str) -> None:
    assert values(text, schema_of(screen="unit: inch", width="unit: inch, dimension: 1")) != {}


@pytest.mark.parametrize("text", ["top 10 in music", "shoes under 50 in black", "size 10 in red", "10 in a box"])
def test_in_is_a_preposition_elsewhere(text: str) -> None:
    assert values(text, schema_of(price="unit: USD", screen="unit: inch")) == {}


def test_where_nothing_has_a_length_in_ends_the_amount() -> None:
    assert values("shoes under 50 in black", schema_of(price="unit: USD")) == {"price": Interval(lt=50)}


# ------------------------------------------------------------------------------------------------- which label


def test_a_name_or_cue_beside_an_amount_says_which_label_is_meant() -> None:
    assert values("16gb ram 512gb ssd laptop") == {"ram": 16, "storage": 512}
    assert values("ram 16gb storage 512gb") == {"ram": 16, "storage": 512}
    assert values("16 gb ddr4 memory") == {"ram": 16}
    assert values("8 gb or 16 gb ram laptop") == {"ram": 16}  # 8 gb is said of ram as well
    assert values("no wider than 90 cm", FURNITURE) == {"width": Interval(lte=90)}
    assert values("desk at least 100 cm tall", FURNITURE) == {"height": Interval(gte=100)}


def test_without_one_every_label_of_the_dimension_may_be_meant() -> None:
    match = only("at least 16 gb")
    assert (match.entity.label, [entity.label for entity in match.others]) == ("ram", ["storage"])
    assert not match.named
    assert {entity.value for entity in (match.entity, *match.others)} == {Interval(gte=16)}


def test_each_reading_is_in_its_own_labels_unit() -> None:
    schema = schema_of(cable="unit: foot", screen="unit: inch")
    assert values("6 ft", schema) == {"cable": 6, "screen": 72}


def test_a_label_that_the_text_names_already_is_not_meant_again() -> None:
    assert values("512gb laptop with 16gb ram") == {"storage": 512, "ram": 16}


def test_readings_of_an_odd_size_are_not_meant() -> None:
    assert values("battery 5 hours") == {"battery_life": 5}  # and no 0.007 months of warranty
    assert values("3 years") == {"warranty": 36}


def test_an_ambiguous_unit_is_the_one_that_a_label_has() -> None:
    assert values("12 oz", schema_of(weight="unit: g")) == {"weight": 340.194277}
    assert values("12 oz", schema_of(volume="unit: ml")) == {"volume": 354.882355}
    assert values("12 oz", schema_of(weight="unit: oz", volume="unit: floz")) == {"weight": 12}
    assert values("under 20 pounds", schema_of(price="unit: GBP")) == {"price": Interval(lt=20)}
    assert values("under 20 pounds", schema_of(price="unit: USD", weight="unit: lb")) == {"weight": Interval(lt=20)}


def test_what_a_label_without_a_unit_is_called_counts_its_numbers() -> None:
    assert values("at least 30 mpg", CARS) == {"mpg": Interval(gte=30)}
    assert values("30+ miles per gallon", CARS) == {"mpg": Interval(gte=30)}
    assert values("4 doors", CARS) == {"doors": 4}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2br 1ba", {"bedrooms": 2, "bathrooms": 1}),
        ("3bd/2ba", {"bedrooms": 3, "bathrooms": 2}),
        ("two bedroom two bath condo", {"bedrooms": 2, "bathrooms": 2}),
        ("4 bedrooms or more", {"bedrooms": Interval(gte=4)}),
        ("3+ bedrooms", {"bedrooms": Interval(gte=3)}),
        ("2 to 3 bedrooms", {"bedrooms": Interval(gte=2, lte=3)}),
        ("100 m2 flat", {"area": 1076.391042}),
        ("rent under $2,000 a month", {"rent": Interval(lt=2000)}),
        ("price under 1.2m", {"price": Interval(lt=1_200_000)}),
        ("under 500k", {}),  # to buy or to rent?
    ],
)
def test_another_trade_needs_no_other_grammar(text: str, expected: dict[str, object]) -> None:
    assert values(text, HOMES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("under 50k miles", {"mileage": Interval(lt=50_000)}),
        ("10-20k miles", {"mileage": Interval(gte=10_000, lte=20_000)}),
        ("price under 4k", {"price": Interval(lt=4000)}),
        ("cars under 20k", {"price": Interval(lt=20_000)}),
        ("under 5 grand", {"price": Interval(lt=5000)}),
        ("under 4k", {}),
        ("under 2 million", {}),
        ("under 2000", {"price": Interval(lt=2000)}),
        ("cars under 2015", {}),
        ("from 2015 to 2018", {}),
    ],
)
def test_thousands_and_years_of_bare_numbers(text: str, expected: dict[str, object]) -> None:
    assert values(text, CARS) == expected


@pytest.mark.parametrize(
    "text", ["books for 3 and up", "skin care for over 50", "womens vitamins over 50", "kids under 5", "from 5"]
)
def test_a_bare_number_that_may_be_an_age_is_no_price(text: str) -> None:
    assert values(text, SHOP) == {}


# ------------------------------------------------------------------------------------- what the field can hold


def test_an_amount_that_no_document_comes_near_is_none_of_the_field() -> None:
    stats = {"screen_size": Stats(1.3, 15.6, 98), "weight": Stats(0.01, 1.2, 120)}
    assert find_quantities("10 ft hdmi cable", SHOP, stats=stats) == []
    assert find_quantities("potassium 1mg", SHOP, stats=stats) == []
    assert len(find_quantities("8 ft projector screen", SHOP, stats=stats)) == 1


def test_a_comparison_that_no_document_can_meet_is_meant_only_of_a_named_label_or_money() -> None:
    stats = {"screen_size": Stats(1.3, 15.6, 98), "price": Stats(2, 60, 900)}
    assert find_quantities("cable over 20 ft", SHOP, stats=stats) == []
    assert len(find_quantities("screen size over 20 ft", SHOP, stats=stats)) == 1
    assert len(find_quantities("tv over $2000", SHOP, stats=stats)) == 1
    assert len(find_quantities("tv under 20 ft", SHOP, stats=stats)) == 1


def test_a_number_far_from_the_named_field_is_rather_money() -> None:
    stats = {"mpg": Stats(12, 28, 140), "price": Stats(900, 17_900, 289_000)}
    assert [m.entity.label for m in find_quantities("best mpg under 15k", CARS, stats=stats)] == ["price"]
    assert [m.entity.label for m in find_quantities("mpg over 30", CARS, stats=stats)] == ["mpg"]


@pytest.mark.parametrize("text", ["100 mile range ev", "range over 250 miles", "range of 300 miles"])
def test_what_else_is_measured_is_none_of_a_label_that_is_not_called_so(text: str) -> None:
    assert values(text, CARS) == {}
    assert list(values(text, schema_of(mileage="unit: mile", range="unit: mile"))) == ["range"]


# ------------------------------------------------------------------------------------------------------ sizes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80x60 desk", {"width": 80, "height": 60}),
        ("80 x 60 cm desk", {"width": 80, "height": 60}),
        ("80cm x 60cm desk", {"width": 80, "height": 60}),
        ("80cmx60cm desk", {"width": 80, "height": 60}),
        ("80 by 60 cm desk", {"width": 80, "height": 60}),
        ("80×60×40 desk", {"width": 80, "height": 60, "depth": 40}),
        ("5 x 7 ft rug", {"width": 152.4, "height": 213.36}),
        ("5'x7' rug", {"width": 152.4, "height": 213.36}),
        ("5'3\" x 7'6\" rug", {"width": 160.02, "height": 228.6}),
        ('36"w x 24"d', {"width": 91.44, "depth": 60.96}),
        ("under 80x60 cm", {"width": Interval(lt=80), "height": Interval(lt=60)}),
        ("2 x 8 gb", {}),
    ],
)
def test_sizes_go_to_the_labels_of_their_sides(text: str, expected: dict[str, object]) -> None:
    assert values(text, FURNITURE) == expected


def test_without_labels_for_sides_a_size_is_nothing() -> None:
    assert values("80 by 60 cm desk", SHOP) == {}


def test_a_size_that_no_document_comes_near_is_none() -> None:
    stats = {"width": Stats(1, 40, 300)}
    assert find_quantities("1920x1080 monitor", FURNITURE, stats=stats) == []


def test_an_amount_after_for_that_a_thing_follows_is_that_things() -> None:
    assert only("mount for 32-55 inch tv").related
    assert only("case for up to 15 inch laptops").related
    assert not only("tv for 32-55 inch").related
    assert not only("headphones for under $50").related


@pytest.mark.parametrize(
    "text", ["free shipping over $25", "discount of $20", "$5 delivery fee", "$10 coupon", "$3 a pound", "2 for $5"]
)
def test_money_for_something_beside_the_thing_is_no_price(text: str) -> None:
    assert values(text) == {}


def test_what_is_known_of_prices_tells_thousands_from_resolutions() -> None:
    electronics = {"price": Stats(2, 64, 6000)}
    cars = {"price": Stats(900, 17_900, 289_000)}
    assert find_quantities("tv under 4k", SHOP, stats=electronics) == []
    assert len(find_quantities("laptop under 1k", SHOP, stats=electronics)) == 1
    assert len(find_quantities("hatchback under 4k", SHOP, stats=cars)) == 1


def test_a_side_takes_an_amount_alone_where_no_other_label_does() -> None:
    assert values("48 inch desk", FURNITURE) == {"width": 121.92, "height": 121.92, "depth": 121.92}
    with_screen = schema_of(screen="unit: inch", width="unit: cm, dimension: 1")
    assert values("48 inch tv", with_screen) == {"screen": 48}
    assert values("48 inch wide tv", with_screen) == {"width": 121.92}


# ---------------------------------------------------------------------------------- what leaves the text, and more


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("laptop with at least 16 gb of ram", ["with at least 16 gb of ram"]),
        ("screen size 15 inch laptop", ["screen size 15 inch"]),
        ("samsung 1tb ssd", ["1tb"]),
        ("projector screen 100 inch", ["100 inch"]),
        ("20 lb weights", ["20 lb"]),
        ("7 seater suv", ["7 seater"]),
        ("7-seater suv", ["7-seater"]),
        ("case for 15 inch laptop", ["15 inch"]),
        ("headphones rated 4 stars and above", ["rated 4 stars and above"]),
        ("desk 36 inches thick", ["36 inches"]),
        ("bag with a weight under 2 kg", ["with a weight under 2 kg"]),
    ],
)
def test_names_of_labels_leave_the_text_where_they_can_be_nothing_else(text: str, words: list[str]) -> None:
    assert taken(text) == words


@pytest.mark.parametrize("text", ["around 15 inches", "~15 inches", "15 inches or so", "15 inch-ish", "about 15 in"])
def test_approximate_amounts_of_every_unit_say_so(text: str) -> None:
    match = only(text)
    assert match.approximate
    assert match.entity.value == 15


@pytest.mark.parametrize("text", ["tv <= 90 zoll", "unter 90 cm", "90 cm"])
def test_another_language_has_symbols_and_signs_only(text: str) -> None:
    other = parse_schema(HEAD.replace("labels", "languages: [xx]\nlabels") + "  tv: {kind: number, unit: cm}\n")
    assert values(text, other) == {}
    assert values("tv <= 90 cm", other) == {"tv": Interval(lte=90)}
    assert values("tv 900 - 1000 mm", other) == {"tv": Interval(gte=90, lte=100)}
