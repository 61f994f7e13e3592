// printf and strtod of all three formats in all four rounding modes; long double to its last digit.
#include "numeric.h"

static const char *const texts[] = {
    "0.1",
    "-0.1",
    "1e-4950",
    "3.6451995318824746025e-4951",
    "1.18973149535723176502e+4932",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "4.9406564584124654e-324",
    "2.4703282292062327e-324",
    "2.2250738585072011e-308",
    "9007199254740993",
    "18446744073709551617",
    "123456789012345678901234567890",
    "3.14159265358979323846264338327950288419716939937510",
    "0x1.fffffffffffff8p0",
    "0x1.fffffffffffffffep+1",
    "1.00000017881393432617187499",
    "1.00000017881393432617187501",
    "inf",
    "-nan",
};

int main(void) {
  for (int m = 0; m < 4; m++) {
    fesetround(modes[m]);
    printf("%s\n", mode_names[m]);
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
      float f = strtof(texts[i], NULL);
      double d = strtod(texts[i], NULL);
      long double l = strtold(texts[i], NULL);
      printf("%.9g %a %.3e | %.17g %a %.2f | %.21Lg %La %.40Le %.5Lf %Lg\n", f, f, f, d, d,
             fabs(d) < 1e9 ? d : 0, l, l, l, fabsl(l) < 1e9L ? l : 0, l);
    }
    uint32_t h = 1;
    for (int i = 0; i < 400; i++) {
      char text[80];
      long double l = ldexpl((long double)next_bits(), (int)(next_bits() % 3000) - 1500);
      snprintf(text, sizeof text, "%.21Lg", l);
      h = hash_bytes(h, text, strlen(text));
      h = hash_long(h, strtold(text, NULL));
      snprintf(text, sizeof text, "%.6Lf", ldexpl(l, -ilogbl(l)));
      h = hash_bytes(h, text, strlen(text));
    }
    printf("all %08x\n", h);
  }
  printf("%LF %Lf %.0Lf %#.0Lf %+.3Lf % Lg %030.5Lf %-20.3Le|\n", (long double)INFINITY, -(long double)NAN,
         2.5L, 3.5L, 1e20L, 1e-5L, -1.5L, 1e4000L);
  return 0;
}
