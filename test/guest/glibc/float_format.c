// printf, strtod and arithmetic of floats, doubles and long doubles on the x87.
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static volatile double zero;

int main(void) {
  static const double values[] = {0.0,     -0.0,    1.0,        -1.5,    0.1,     1.0 / 3,
                                  1e15,    1e16,    123456.789, 1e-5,    1e-320,  DBL_MAX,
                                  DBL_MIN, 5e-324,  2.5,        3.5,     1e100,   0.5,
                                  9.995,   99.9995, 1e22,       1e23,    -2.5e-7, 4503599627370497.5};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    double v = values[i];
    printf("%g %e %.0f %.3f %a %.17g %+010.2f %#g\n", v, v, v, v, v, v, v, v);
  }
  static const long double wide[] = {1.0L / 3, LDBL_MAX, LDBL_MIN, 3.6e-4951L, 0.1L, 1e4000L};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
    printf("%Lg %.21Lg %La %.30Le\n", wide[i], wide[i], wide[i], wide[i]);
  printf("%f %f %f %F\n", 1 / zero, -1 / zero, NAN, INFINITY);

  static const char *const texts[] = {"0x1.8p3", "1e400", "-1e-400", "nan", "inf", "12.5e-1x", "",
                                      "9007199254740993", "2.2250738585072011e-308",
                                      "179769313486231580793728971405301e277", "  +.5"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char *end;
    double d = strtod(texts[i], &end);
    printf("'%s' %a rest '%s'\n", texts[i], d, end);
    float f = strtof(texts[i], NULL);
    printf("%a %.9g %La\n", f, f, strtold(texts[i], NULL));
  }

  // Every value printed with 17 digits reads back as itself.
  unsigned long long seed = 1;
  int wrong = 0;
  for (int i = 0; i < 4000; i++) {
    union {
      unsigned long long bits;
      double d;
    } v, back;
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    v.bits = seed ^ seed >> 29;
    if (!isfinite(v.d)) continue;
    char text[40];
    snprintf(text, sizeof text, "%.17g", v.d);
    back.d = strtod(text, NULL);
    wrong += back.bits != v.bits;
  }
  printf("wrong %d\n", wrong);

  static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  for (int i = 0; i < 4; i++) {
    fesetround(modes[i]);
    volatile double one = 1, three = 3;
    printf("%d %a %a %.0f %.0f %ld %lld\n", fegetround() == modes[i], one / three, -one / three,
           rint(2.5), rint(-2.5), lrint(1.5), llrint(-0.5));
  }
  fesetround(FE_TONEAREST);
  feclearexcept(FE_ALL_EXCEPT);
  volatile double x = 1 / zero;
  printf("%d ", fetestexcept(FE_ALL_EXCEPT) == FE_DIVBYZERO);
  x = sqrt(-1 - zero);
  printf("%d ", (fetestexcept(FE_ALL_EXCEPT) & FE_INVALID) != 0);
  x = DBL_MAX;
  x = x * 2;
  printf("%d %g\n", (fetestexcept(FE_ALL_EXCEPT) & FE_OVERFLOW) != 0, x);

  int exponent;
  double whole;
  printf("%a %d ", frexp(1234.5, &exponent), exponent);
  printf("%a %a ", modf(-3.75, &whole), whole);
  printf("%a %a %a %a\n", ldexp(0.75, 10), fmod(10, 3.3), remainder(10, 3.3), sqrt(2));
  printf("%a %a %a %a %a\n", floor(-0.5), ceil(-0.5), trunc(-1.7), round(2.5), nearbyint(3.5));
  printf("%.10g %.10g %.10g %.10g\n", sin(1), cos(100), tan(0.5), atan2(1, -2));
  printf("%.10g %.10g %.10g %.10g\n", exp(2.5), log(10), pow(2, 0.5), pow(-8, 3));
  printf("%.10g %.10g %.10g %.10g\n", asin(0.3), sinh(1), cbrt(27), hypot(3, 4));
  printf("%.10g %.10g %.10g %.6g\n", tgamma(5.5), erf(0.5), log1p(1e-10), (double)sinf(2));
  printf("%lld %llu %d %u\n", (long long)-1e18, (unsigned long long)1.5e19, (int)-2.9, (unsigned)4e9);
  printf("%.0f %.0f %g\n", (double)0xffffffffffffffffULL, (double)-0x7fffffffffffffffLL, (float)16777217);
  return 0;
}
