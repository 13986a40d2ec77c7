"""Guests' long double: IEEE's binary128, which lldb does not know, and sees as bytes (debuginfo/src/transform/number.rs)."""
from decimal import Context, Decimal

import lldb

from . import guest

BIAS, FRACTION_BITS, EXPONENT_BITS = 16383, 112, 15
# More would be digits that the type does not have.
DIGITS = 34
NAMES = "^(const )?(volatile )?(long double|f128)$"


def text(raw):
    """A number as lldb writes long doubles."""
    bits = int.from_bytes(raw, "little")
    sign = "-" if bits >> 127 else ""
    exponent = bits >> FRACTION_BITS & (1 << EXPONENT_BITS) - 1
    fraction = bits & (1 << FRACTION_BITS) - 1
    if exponent == (1 << EXPONENT_BITS) - 1:
        return "nan" if fraction else sign + "inf"
    if not exponent and not fraction:
        return sign + "0"
    # Those without an exponent are of the smallest one, and have no 1 before the point.
    significand = fraction | (1 << FRACTION_BITS if exponent else 0)
    power = max(exponent, 1) - BIAS - FRACTION_BITS
    exact = Context(prec=16600, Emax=999999, Emin=-999999)
    number = exact.multiply(Decimal(significand), exact.power(Decimal(2), power))
    rounded = Context(prec=DIGITS, Emax=999999, Emin=-999999)
    number = rounded.plus(number).normalize(rounded)
    is_plain = -6 < number.adjusted() < DIGITS
    return sign + (format(number, "f") if is_plain else str(number))


def summary(value, _internal_dict):
    error = lldb.SBError()
    raw = value.GetNonSyntheticValue().GetData().ReadRawData(error, 0, 16)
    return text(raw) if error.Success() and raw and len(raw) == 16 else "<unreadable>"


def register(debugger, module):
    guest.command(debugger, "type summary add -w dwalin -p -F %s.summary -x \"%s\"" % (module, NAMES))
