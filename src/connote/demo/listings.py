"""Home listings as people might write them, made up: the same ones for the same seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COUNT, SEED = 1200, 2026

# What a home may have, and how owners put it: each in words of its own, so that a search for one has to find others.
# Some are true of flats in a `{block}` only, some of houses with `{land}`.
_TRAITS: Mapping[str, Sequence[str]] = {
    "office": (
        "The small room off the landing has a built-in desk and fast fibre, and served two freelancers as a study.",
        "{land}A garden cabin, insulated and wired for broadband, is where the current owner writes her books.",
        "There is a snug with shelves from floor to ceiling where calls can be taken behind a closed door.",
        "Upstairs, a quiet box room with a north window makes an ideal place for a laptop and two screens.",
    ),
    "water": (
        "{land}From the deck you can drop a canoe straight into the lake.",
        "The beach is four minutes on foot, and on windy nights you fall asleep to the surf.",
        "{land}A path at the end of the plot leads down to the river, where the previous family kept a rowing boat.",
        "Every front window looks over the harbour and its masts.",
    ),
    "children": (
        "The playground and the primary school are both on this street, so mornings are easy.",
        "{land}A fenced lawn, a sandpit and a tree house have kept three toddlers busy for years.",
        "{land}The cul-de-sac has no through traffic, and the neighbours' kids ride their bicycles until supper.",
        "Two bunk rooms share a bathroom with a low basin, and the nursery is across the landing.",
    ),
    "parties": (
        "Folding doors open the kitchen to a terrace where forty people have toasted a wedding.",
        "The dining hall seats fourteen and the island has a wine fridge on the guests' side.",
        "{land}There is a bar in the basement, a projector, and a patio with a fire pit above it.",
        "{land}An outdoor kitchen with a pizza oven stands under the pergola, for long summer evenings with friends.",
    ),
    "stairless": (
        "{land}Everything is on one level: no steps at the door, wide corridors, and a wet room with grab rails.",
        "{block}A lift serves all floors, doors are ninety centimetres wide, and the shower is flush with the floor.",
        "{land}The bungalow was refitted for an owner in a wheelchair, with ramps front and back.",
    ),
    "thrifty": (
        "{land}Solar panels and a heat pump keep bills close to nothing from April to October.",
        "With triple glazing and thick new insulation, last winter's heating came to less than the phone bill.",
        "{land}A battery in the garage stores what the roof makes, and the car charges overnight for free.",
        "It meets the passive-house standard, so a few tea lights would warm the lounge.",
    ),
    "peace": (
        "At night you hear owls and nothing else; the nearest road is a farm track.",
        "{land}Set back behind beech hedges at the end of a lane, it is as hushed as a library.",
        "The bedrooms look onto a walled courtyard, far from any traffic.",
    ),
    "transit": (
        "The tram stops at the corner and is downtown in nine minutes.",
        "You can leave the car at home: the commuter station is across the square.",
        "{block}An underground entrance is two doors away, so the airport is one ride without changing.",
    ),
    "animals": (
        "{land}Four acres of fenced paddock come with a stable block and a tack room.",
        "{land}Dogs have the run of the orchard, and a hatch in the utility room lets them in to dry off.",
        "{land}There is a hen house, a goat shed, and grazing rights on the common.",
    ),
    "fixer": (
        "It needs a new kitchen, new wiring and somebody with patience; the bones are superb.",
        "{land}Untouched since 1968, it is priced for a buyer who owns a sledgehammer.",
        "{land}The roof was replaced last year, but inside everything awaits plaster, paint and love.",
    ),
    "garden": (
        "{land}Raised vegetable beds, a greenhouse and a dozen fruit trees feed the house from May on.",
        "{land}Roses climb the south wall, and the borders were planted by a retired botanist.",
        "{land}The plot is gravel and lavender: nothing to mow, little to water.",
    ),
    "view": (
        "The sitting room faces west across the valley, and sunsets fill the whole of it.",
        "{block}From the nineteenth floor the city glitters in every direction.",
        "On clear days you count the snowy peaks from the bath.",
    ),
    "history": (
        "{land}Built in 1742 for a clockmaker, it keeps its oak beams, bread oven and uneven floors.",
        "{land}The former chapel has its stained glass, its bell, and a gallery where the organ stood.",
        "Original parquet, stucco ceilings and tiled stoves survive in every room.",
    ),
    "fitness": (
        "{land}A lap pool runs along the lawn and the cellar holds a sauna and a rowing machine.",
        "{block}The building has a gym, a climbing wall and a running track on its roof.",
    ),
    "income": (
        "{land}The flat above the garage has its own door and has been let to students without a gap.",
        "{land}A self-contained annexe with kitchenette brings in holiday guests from Easter to October.",
    ),
    "workshop": (
        "{land}The double garage is heated, has three-phase power, and would suit somebody who restores motorbikes.",
        "{land}A brick outbuilding with skylights was a potter's studio; the kiln stays.",
    ),
    "safety": (
        "Cameras, a gatehouse and a keypad entry mean that parcels and people are looked after.",
        "{block}The block has a concierge round the clock and residents know each other by name.",
    ),
}
_OPENINGS = (
    "A {adjective} {kind} in {area}, {town}.",
    "This {adjective} {kind} stands in {area}, a part of {town} that people rarely leave.",
    "For the first time in {years} years, a {kind} in {area} is looking for new owners.",
    "If you have waited for a {adjective} {kind} near {town}, this may be it.",
    "{Kind} of {size} square metres in {area}.",
    "We raised our family in this {adjective} {kind} and leave {area} with a heavy heart.",
)
_ROOMS = (
    "There {are} {bedrooms} and {bathrooms}, all redone in {done}.",
    "{Bedrooms}, {bathrooms}, and a kitchen with a window over the sink.",
    "Inside you find {bedrooms}, {bathrooms} and more cupboards than you will fill.",
    "The layout is simple: {bedrooms} upstairs, {bathrooms}, and living space below.",
)
_ENDINGS = (
    "Viewings at the weekend.",
    "Photographs do not do it justice.",
    "Available from the first of {month}.",
    "The owners are in no hurry and open to sensible offers.",
    "Keys with the agent on the square.",
    "",
)
_ADJECTIVES = [
    "bright",
    "handsome",
    "compact",
    "rambling",
    "modern",
    "quirky",
    "generous",
    "tidy",
    "elegant",
    "modest",
    "well-kept",
    "airy",
    "solid",
    "cheerful",
]
_MONTHS = "January March May July September November".split()  # noqa: SIM905
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven")


@dataclass(frozen=True)
class _Kind:
    """A kind of home: bedrooms from and to, square metres a bedroom, and its price of these beside the town's."""

    name: str
    bedrooms: tuple[int, int]
    metres: tuple[int, int]
    factor: float


_KINDS = (
    _Kind("studio", (0, 0), (28, 45), 1.15),
    _Kind("flat", (1, 3), (30, 42), 1.05),
    _Kind("loft", (1, 2), (55, 80), 1.2),
    _Kind("terraced house", (2, 4), (30, 38), 0.95),
    _Kind("semi-detached house", (2, 4), (34, 42), 0.95),
    _Kind("detached house", (3, 6), (38, 55), 1.0),
    _Kind("cottage", (1, 3), (30, 40), 0.9),
    _Kind("farmhouse", (3, 7), (45, 65), 0.7),
    _Kind("townhouse", (3, 5), (35, 45), 1.1),
    _Kind("villa", (4, 7), (60, 90), 1.35),
)


_IN_BLOCKS = {"studio", "flat", "loft"}


@dataclass(frozen=True)
class _Town:
    """A town with its middle, its parts, the price of a square metre, and the rate of its yearly tax."""

    name: str
    lat: float
    lon: float
    price: int
    tax: float
    areas: tuple[str, ...]


_TOWNS = (
    _Town("Orlando", 28.538, -81.379, 2600, 0.0089, ("Lake Nona", "College Park", "Baldwin Park", "Audubon")),
    _Town("Tampa", 27.951, -82.457, 2900, 0.0092, ("Hyde Park", "Seminole Heights", "Ybor City", "Palma Ceia")),
    _Town("Jacksonville", 30.332, -81.656, 2200, 0.0085, ("Riverside", "San Marco", "Avondale", "Mandarin")),
    _Town("Portland", 45.515, -122.679, 3600, 0.0101, ("Sellwood", "Alberta", "St Johns", "Laurelhurst")),
    _Town("Burlington", 44.476, -73.212, 3300, 0.0172, ("Old North End", "South End", "Hill Section")),
    _Town("Asheville", 35.595, -82.551, 3100, 0.0072, ("Montford", "West Asheville", "Kenilworth")),
    _Town("Boulder", 40.015, -105.270, 5600, 0.0054, ("Mapleton Hill", "Table Mesa", "Chautauqua")),
    _Town("Savannah", 32.081, -81.091, 2500, 0.0095, ("Starland", "Ardsley Park", "the Landmark District")),
)


def listings(count: int = COUNT, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """So many listings, each with `id` and what a search can filter by."""
    chance = random.Random(seed)  # noqa: S311 (nothing secret)
    for number in range(1, count + 1):
        yield _listing(number, chance)


def _listing(number: int, chance: random.Random) -> dict[str, Any]:
    town, kind = chance.choice(_TOWNS), chance.choice(_KINDS)
    bedrooms = chance.randint(*kind.bedrooms)
    bathrooms = max(1, min(bedrooms, chance.randint(1, 1 + bedrooms // 2)))
    size = chance.randint(*kind.metres) * max(bedrooms, 1)
    able = _able(kind)
    traits = sorted(chance.sample(sorted(able), chance.choice((2, 3, 3, 4))))
    price = round(size * town.price * kind.factor * chance.uniform(0.8, 1.25) * (0.75 if "fixer" in traits else 1), -3)
    area = chance.choice(town.areas)
    words: dict[str, Any] = {
        "adjective": chance.choice(_ADJECTIVES),
        "kind": kind.name,
        "Kind": kind.name.capitalize(),
        "area": area,
        "town": town.name,
        "size": size,
        "years": chance.randint(8, 60),
        "are": "is" if bedrooms == 1 else "are",
        "bedrooms": _counted(bedrooms, "bedroom"),
        "Bedrooms": _counted(bedrooms, "bedroom").capitalize(),
        "bathrooms": _counted(bathrooms, "bathroom"),
        "done": chance.randint(2004, 2025),
        "month": chance.choice(_MONTHS),
        "block": "",
        "land": "",
    }
    sentences = [chance.choice(able[trait]) for trait in traits]
    chance.shuffle(sentences)
    parts = [chance.choice(_OPENINGS), chance.choice(_ROOMS), *sentences, chance.choice(_ENDINGS)]
    return {
        "id": f"home-{number:04}",
        "title": f"{words['adjective'].capitalize()} {kind.name} in {area}",
        "description": " ".join(part.format(**words) for part in parts if part),
        "price": int(price),
        "bedrooms": bedrooms,
        "bathrooms": bathrooms,
        "square_metres": size,
        "tax": round(price * town.tax),
        "kind": kind.name,
        "town": town.name,
        "features": traits,
        "listed": f"2026-{chance.randint(1, 11):02}-{chance.randint(1, 28):02}",
        "location": {
            "lat": round(town.lat + chance.gauss(0, 0.05), 5),
            "lon": round(town.lon + chance.gauss(0, 0.06), 5),
        },
    }


def _able(kind: _Kind) -> dict[str, list[str]]:
    """What may be said of a home of that kind."""
    barred = "{land}" if kind.name in _IN_BLOCKS else "{block}"
    found = {trait: [text for text in texts if not text.startswith(barred)] for trait, texts in _TRAITS.items()}
    return {trait: texts for trait, texts in found.items() if texts}


def _counted(number: int, noun: str) -> str:
    if number == 0 and noun == "bedroom":
        return "one open room"
    return f"{_SMALL[number]} {noun}{'' if number == 1 else 's'}"
