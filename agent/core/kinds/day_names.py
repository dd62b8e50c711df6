"""How weekdays and months are called, in full and short, where jobs name files after them."""

import re
from functools import cache

_WEEKDAYS = (
    "mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?",
    "mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag",
    "lun|mar|mer|jeu|ven|sam|dim|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
    "mi[eé]|jue|vie|s[aá]b|dom|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo",
    "gio|luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|sabato|domenica",
    "ma|wo|vr|za|zo|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag",
)
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?",
    "nov(?:ember)?|dec(?:ember)?|januar|februar|m[aä]rz|maerz|mrz|mai|juni|juli|okt(?:ober)?|dez(?:ember)?",
    "janvier|f[eé]vrier|mars|avril|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[eé]cembre",
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre",
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre",
    "januari|februari|maart|mei|augustus",
)
# a word of its own, also behind small letters: shop-mon.sql, shop_Monday.sql, shopMon.sql
_BEGINS, _ENDS = r"(?:(?<![^\W\d_])|(?<=[a-z])(?=[A-Z]))", r"(?![^\W\d_])"


@cache
def day_or_number() -> re.Pattern[str]:
    """A number, or the name of a weekday or month. Not at import: `readiness status` has few milliseconds."""
    return re.compile(rf"\d+|{_BEGINS}(?i:{'|'.join((*_WEEKDAYS, *_MONTHS))}){_ENDS}")
