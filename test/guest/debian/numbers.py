# Floats, complex numbers and integers of any size.
import cmath
import math
import random
import struct

print(repr(0.1), 1 / 3, 1e22, 1e23, 5e-324, 1.7976931348623157e308, float('nan'), -float('inf'))
print(2**200, 3**150 % 10**20, -(7**40) // 13, pow(3, 10**9, 10**9 + 7), math.isqrt(10**40), math.gcd(2**60, 6**30))
print((0.1).hex(), float.fromhex('0x1.8p-1074'), (2.5).as_integer_ratio(), round(2.5), round(-3.5), round(2.675, 2))
for name in ('sin cos tan asin acos atan sinh tanh asinh atanh exp expm1 log log2 log10 log1p sqrt cbrt erf erfc gamma '
             'lgamma floor ceil degrees').split():
    function = getattr(math, name)
    print(name, [function(x) for x in (0.1, 0.37, 0.99)])
print(math.fsum([0.1] * 10), sum([0.1] * 10), math.fmod(-7, 3), -7 % 3, -7.5 // 2, math.frexp(1e-310), math.hypot(3, 4, 12))
print(math.nextafter(1, 2), math.ulp(1e300), math.dist((1, 2), (4, 6)), math.remainder(5, 3), math.copysign(1, -0.0))
print(cmath.sqrt(-2), cmath.exp(1j * math.pi), cmath.phase(-1 - 1j), (1 + 2j) ** (0.5 - 1j), abs(3 + 4j))
for operation in (lambda: 1 / 0, lambda: math.log(0), lambda: math.exp(1000), lambda: 2.0**1025, lambda: int(float('inf'))):
    try:
        print(operation())
    except (ArithmeticError, ValueError) as error:
        print(type(error).__name__, error)
random.seed(1234)
print([random.random() for _ in range(4)], random.gauss(0, 1), random.randint(1, 10**20), random.sample(range(99), 5))
print(struct.pack('>fd', 1.1, -1e-320).hex(), struct.unpack('<f', b'\x01\x00\x00\x00'))
print('%.30f %e %g %r' % (1e-5, 12345.678, 1e-7, 1e-7), f'{math.pi:.40f} {1e10:,.2f} {255:#x} {0.25:%}')

n = 12
a = [[1 / (i + j + 1) for j in range(n)] + [float(i == j) for j in range(n)] for i in range(n)]
for c in range(n):
    best = max(range(c, n), key=lambda r: abs(a[r][c]))
    a[c], a[best] = a[best], a[c]
    pivot = a[c][c]
    a[c] = [x / pivot for x in a[c]]
    for r in range(n):
        if r != c:
            factor = a[r][c]
            a[r] = [x - factor * y for x, y in zip(a[r], a[c])]
print(sum(a[i][n + i] for i in range(n)))
