"""Which of the old one-byte code pages a text is in, told by the letters its languages really use.

Libraries that guess encodings compare frequencies; of short tables of names they take Polish for French, and never
say that they do not know. Here a page has to explain nearly every letter beyond ASCII by one language, or nobody
guesses.
"""

import re

LEAST_SHARE = 0.9  # of the letters beyond ASCII that one language must explain

# by language, small letters; a language stands under the page that its computers used. Left out are what hardly any
# file is in (ISO 8859-5) and Icelandic, whose letters are the Turkish ones of another page.
_LETTERS: tuple[tuple[str, str], ...] = (
    ("cp1252", "àâæçéèêëîïôœùûüÿ"),  # French
    ("cp1252", "äöüß"),  # German
    ("cp1252", "áéíñóúü¿¡"),  # Spanish
    ("cp1252", "áâãàçéêíóôõúü"),  # Portuguese
    ("cp1252", "àèéìíòóùú"),  # Italian
    ("cp1252", "åäöæøéü"),  # Danish, Norwegian, Swedish, Finnish
    ("cp1252", "éëïóöüèêç"),  # Dutch, Albanian
    ("cp1250", "áéíóöőúüű"),  # Hungarian
    ("cp1250", "ąćęłńóśźż"),  # Polish
    ("cp1250", "áčďéěíňóřšťúůýž"),  # Czech
    ("cp1250", "áäčďéíĺľňóôŕšťúýž"),  # Slovak
    ("cp1250", "ăâîşţ"),  # Romanian
    ("cp1250", "čćđšž"),  # Bosnian, Croatian, Montenegrin, Serbian, Slovene
    ("cp1254", "çğıİöşüâîû"),  # Turkish
    ("cp1257", "ąčęėįšųūž"),  # Lithuanian
    ("cp1257", "āčēģīķļņšūž"),  # Latvian
    ("cp1257", "äõöüšž"),  # Estonian
    ("cp1251", "абвгдеёжзийклмнопрстуфхцчшщъыьэюяґєіїўђјљњћџѓќѕ"),  # Cyrillic
    ("koi8-r", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
    ("cp866", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
    ("cp1253", "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ"),  # Greek
    ("cp1255", "אבגדהוזחטיךכלםמןנסעףפץצקרשת"),  # Hebrew
    ("cp1256", "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ"),  # Arabic, Persian
)
# stand in texts of any language, and at other places in each page or not at all
_COMMON = set("“”„‚‘’–—…«»‹›°№§€•·´\u00a0")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# a word of Latin letters with others between them: “Cфte” was “Côte”
_MIXED = re.compile(r"[A-Za-z][^\W\d_A-Za-z]|[^\W\d_A-Za-z][A-Za-z]")
# small before capital: Cyrillic read in the wrong page comes out exchanged, “лОСКВА”
_PAIRS = re.compile(r"(?=([^\x00-\x7f])([^\x00-\x7f]))")
_LAST_LATIN = "\u024f"


def best_code_page(sample: bytes) -> str:
    """The code page in which `sample` is a text of one of its languages; "" if none is, or two read it differently."""
    found: dict[str, tuple[float, str]] = {}
    for page, letters in _LETTERS:
        try:
            text = sample.decode(page)
        except UnicodeDecodeError:
            continue
        share = _share_explained(text, letters)
        if share > found.get(page, (0.0, ""))[0]:
            found[page] = share, text
    ranked = sorted(found.items(), key=lambda item: -item[1][0])
    if not ranked or ranked[0][1][0] < LEAST_SHARE:
        return ""
    page, (share, text) = ranked[0]
    if any(other == share and differently != text for _page, (other, differently) in ranked[1:]):
        return ""
    return page


def _share_explained(text: str, letters: str) -> float:
    known = _COMMON | set(letters) | set(letters.upper())
    beyond = _BEYOND_ASCII.findall(text)
    strange = sum(mark not in known for mark in beyond)
    strange += sum(one.islower() and two.isupper() for one, two in _PAIRS.findall(text))
    if letters[0] > _LAST_LATIN:
        strange += len(_MIXED.findall(text))
    real = sum(mark in known and mark not in _COMMON for mark in beyond)
    return max(0.0, 1 - strange / len(beyond)) if beyond and real else 0.0
