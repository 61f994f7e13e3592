// Every operation and conversion of float, double and long double in all four rounding modes, with the
// exception flags that it raises, over special, tiny, huge and random operands.
#include "numeric.h"

static const double special[] = {
    0.0,          -0.0,           1.0,        -1.0,         1.5,      -2.5,         0.1,
    1.0 / 3,      DBL_MIN,        -DBL_MIN,   0x1p-1074,    0x1p-149, DBL_MAX,      -DBL_MAX,
    FLT_MAX,      FLT_MIN,        0x1p-126,   0x1.8p-150,   INFINITY, -INFINITY,    NAN,
    2147483647.5, -2147483648.75, 4294967296, 0x1.fffffep0, 0x1p63,   0x1.0000002p0, 1e300,
};
enum { SPECIALS = sizeof special / sizeof *special, RANDOMS = 24, ALL = SPECIALS + RANDOMS };
static double values[ALL];

static const int all_flags = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT;

#define OPERATIONS(T, suffix)                                                           \
  static uint32_t operate_##suffix(int which) {                                         \
    uint32_t h = 2166136261u;                                                           \
    for (int i = 0; i < ALL; i++)                                                       \
      for (int j = 0; j < ALL; j++) {                                                   \
        volatile T a = (T)values[i], b = (T)values[j], r = 0;                           \
        feclearexcept(FE_ALL_EXCEPT);                                                   \
        switch (which) {                                                                \
          case 0: r = a + b; break;                                                     \
          case 1: r = a - b; break;                                                     \
          case 2: r = a * b; break;                                                     \
          case 3: r = a / b; break;                                                     \
          case 4: r = a < b; break;                                                     \
          case 5: r = __builtin_isless(a, b); break;                                    \
          case 6: r = (a * b) + a; break;                                               \
        }                                                                               \
        uint32_t flags = fetestexcept(all_flags);                                       \
        h = hash_bytes(hash_long(h, r), &flags, 4);                                     \
      }                                                                                 \
    return h;                                                                           \
  }

OPERATIONS(float, float)
OPERATIONS(double, double)
OPERATIONS(long double, long)

static const char *const operations[] = {"+", "-", "*", "/", "<", "isless", "a*b+a"};

static uint32_t with_flags(uint32_t h, long double r) {
  uint32_t flags = fetestexcept(all_flags);
  feclearexcept(FE_ALL_EXCEPT);
  return hash_bytes(hash_long(h, r), &flags, 4);
}

static void convert(void) {
  uint32_t narrow = 1, roots = 1, rints = 1, ints = 1, fmas = 1, remainders = 1;
  for (int i = 0; i < ALL; i++) {
    volatile double d = values[i];
    volatile long double l = (long double)d * 1.1L;
    feclearexcept(FE_ALL_EXCEPT);
    narrow = with_flags(narrow, (volatile float){(float)d});
    narrow = with_flags(narrow, (volatile double){(double)l});
    narrow = with_flags(narrow, (volatile float){(float)l});
    roots = with_flags(roots, sqrt(fabs(d)));
    roots = with_flags(roots, sqrtf((float)fabs(d)));
    roots = with_flags(roots, sqrtl(fabsl(l)));
    rints = with_flags(rints, rint(d));
    rints = with_flags(rints, nearbyint(d));
    rints = with_flags(rints, floor(d) + ceil(d) + trunc(d) + round(d));
    rints = with_flags(rints, rintl(l));
    rints = with_flags(rints, rintf((float)d));
    ints = with_flags(ints, (long double)lrint(d));
    ints = with_flags(ints, (long double)llrintl(l));
    if (fabs(d) < 2e9) {
      ints = with_flags(ints, (long double)(int)d);
      ints = with_flags(ints, (long double)(unsigned)fabs(d));
    }
    if (fabs(d) < 9e18) ints = with_flags(ints, (long double)(long long)l);
    ints = with_flags(ints, (volatile float){(float)(long long)next_bits()});
    ints = with_flags(ints, (volatile double){(double)(unsigned long long)next_bits()});
    for (int j = 0; j < ALL; j += 3) {
      volatile double e = values[j];
      feclearexcept(FE_ALL_EXCEPT);
      fmas = with_flags(fmas, fma(d, e, 0.1));
      remainders = with_flags(remainders, fmod(d, e));
      remainders = with_flags(remainders, remainder(d, e));
      remainders = with_flags(remainders, fmodl(l, e));
    }
  }
  printf("  narrow %08x sqrt %08x rint %08x integers %08x fma %08x fmod %08x\n", narrow, roots, rints,
         ints, fmas, remainders);
}

int main(void) {
  for (int i = 0; i < ALL; i++) {
    if (i < SPECIALS) values[i] = special[i];
    else values[i] = ldexp(next_unit() * 2 - 1, (int)(next_bits() % 140) - 70);
  }
  for (int m = 0; m < 4; m++) {
    fesetround(modes[m]);
    printf("%s: %d\n", mode_names[m], fegetround() == modes[m]);
    for (int which = 0; which < 7; which++)
      printf("  %-7s float %08x double %08x long double %08x\n", operations[which],
             operate_float(which), operate_double(which), operate_long(which));
    convert();
    volatile float third = 1.0f;
    volatile double dthird = 1.0;
    volatile long double lthird = 1.0L;
    third /= 3, dthird /= -3, lthird /= 3;
    printf("  %a %a %La\n", third, dthird, lthird);
  }
  return 0;
}
