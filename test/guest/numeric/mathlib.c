// The C library's mathematics in float, double and long double: its own identities, and checksums of what
// every function gives in every rounding mode. The last bits of long double come from the processor's
// logarithms, exponentials and arcs, in which makes differ: digits in front of them are compared.
#include "numeric.h"

#define POINTS 24

struct unary {
  const char *name;
  double low, high;
  float (*f)(float);
  double (*d)(double);
  long double (*l)(long double);
};
#define U(name, low, high) {#name, low, high, name##f, name, name##l}
static const struct unary unaries[] = {
    U(sin, -1e3, 1e3),  U(cos, -1e3, 1e3),   U(tan, -20, 20),    U(asin, -1, 1),     U(acos, -1, 1),
    U(atan, -50, 50),   U(sinh, -30, 30),    U(cosh, -30, 30),   U(tanh, -5, 5),     U(asinh, -99, 99),
    U(acosh, 1, 99),    U(atanh, -1, 1),     U(exp, -80, 80),    U(exp2, -90, 90),   U(exp10, -30, 30),
    U(expm1, -5, 5),    U(log, 0, 1e6),      U(log2, 0, 1e6),    U(log10, 0, 1e6),   U(log1p, -1, 9),
    U(logb, 0, 1e9),    U(cbrt, -1e5, 1e5),  U(sqrt, 0, 1e9),    U(erf, -4, 4),      U(erfc, -4, 9),
    U(lgamma, 0, 40),   U(tgamma, 0, 20),    U(j0, 0, 40),       U(j1, 0, 40),       U(y0, 0.1, 40),
    U(y1, 0.1, 40),     U(floor, -99, 99),   U(round, -99, 99),  U(roundeven, -9, 9), U(nearbyint, -9, 9),
};
struct binary {
  const char *name;
  float (*f)(float, float);
  double (*d)(double, double);
  long double (*l)(long double, long double);
};
#define B(name) {#name, name##f, name, name##l}
static const struct binary binaries[] = {
    B(pow), B(atan2), B(hypot), B(fmod), B(remainder), B(fdim), B(nextafter), B(copysign), B(fmax),
};

static uint32_t hash_digits(uint32_t h, const char *format, long double x) {
  char text[64];
  int n = snprintf(text, sizeof text, format, x);
  return hash_bytes(h, text, x == x ? n : 0);
}

static void checksums(void) {
  for (unsigned n = 0; n < sizeof unaries / sizeof *unaries; n++) {
    const struct unary *u = &unaries[n];
    uint32_t f = 1, d = 1, l = 1;
    for (int i = 0; i < POINTS; i++) {
      double x = u->low + (u->high - u->low) * next_unit();
      f = hash_double(f, u->f((float)x));
      d = hash_digits(d, "%.14Lg", u->d(x));
      l = hash_digits(l, "%.15Lg", u->l(x));
    }
    printf("  %-10s %08x %08x %08x\n", u->name, f, d, l);
  }
  for (unsigned n = 0; n < sizeof binaries / sizeof *binaries; n++) {
    uint32_t f = 1, d = 1, l = 1;
    for (int i = 0; i < POINTS; i++) {
      double x = next_unit() * 20, y = next_unit() * 20 - 10;
      f = hash_double(f, binaries[n].f((float)x, (float)y));
      d = hash_digits(d, "%.14Lg", binaries[n].d(x, y));
      l = hash_digits(l, "%.15Lg", binaries[n].l(x, y));
    }
    printf("  %-10s %08x %08x %08x\n", binaries[n].name, f, d, l);
  }
}

// Whether identities hold but for some units of the last place.
static void identities(void) {
  double worst[6] = {0};
  for (int i = 0; i < 60; i++) {
    double x = next_unit() * 10 + 0.01, s = sin(x), c = cos(x);
    double off[6] = {
        fabs(s * s + c * c - 1) / DBL_EPSILON,
        fabs(exp(log(x)) / x - 1) / DBL_EPSILON,
        fabs(cbrt(x) * cbrt(x) * cbrt(x) / x - 1) / DBL_EPSILON,
        fabs(tan(atan(x)) / x - 1) / DBL_EPSILON,
        fabs(tgamma(x + 1) / (x * tgamma(x)) - 1) / DBL_EPSILON,
        fabs(pow(x, 0.5) / sqrt(x) - 1) / DBL_EPSILON,
    };
    for (int k = 0; k < 6; k++)
      if (off[k] > worst[k]) worst[k] = off[k];
  }
  for (int k = 0; k < 6; k++) printf("  %s\n", worst[k] < 32 ? "within bounds" : "far off");
}

int main(void) {
  for (int m = 0; m < 4; m++) {
    fesetround(modes[m]);
    puts(mode_names[m]);
    checksums();
    identities();
  }
  fesetround(FE_TONEAREST);
  int e;
  double fraction = frexp(1234.5, &e), whole;
  printf("%.17g %d %.17g %.17g %d %ld\n", fraction, e, modf(-3.75, &whole), whole, ilogb(1e-310), lround(-2.5));
  int quotient;
  printf("%.17g %d %.17g\n", remquo(29.5, 3, &quotient), quotient, scalbn(1.1, -1070));
  int sign;
  printf("%.17g %d %.21Lg\n", lgamma_r(-2.5, &sign), sign, nexttowardl(1, 2));
  return 0;
}
