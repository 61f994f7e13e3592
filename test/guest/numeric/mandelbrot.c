// The set as characters in double, float and long double: iterations depend on every bit.
#include "numeric.h"

#define DRAW(T, name)                                            \
  static void name(void) {                                       \
    uint32_t sum = 0;                                            \
    for (int y = 0; y < 24; y++) {                               \
      char line[73];                                             \
      for (int x = 0; x < 72; x++) {                             \
        T cr = (T)x / 26 - (T)2.1, ci = (T)y / 11 - (T)1.07;     \
        T zr = 0, zi = 0;                                        \
        int n = 0;                                               \
        while (n < 120 && zr * zr + zi * zi < 4) {               \
          T t = zr * zr - zi * zi + cr;                          \
          zi = 2 * zr * zi + ci;                                 \
          zr = t;                                                \
          n++;                                                   \
        }                                                        \
        long double deep = zr;                                   \
        sum = hash_long(sum, deep);                              \
        line[x] = " .:-=+*#%@"[n == 120 ? 9 : n % 9];            \
      }                                                          \
      line[72] = 0;                                              \
      puts(line);                                                \
    }                                                            \
    printf(#T " %08x\n", sum);                                   \
  }

DRAW(float, draw_float)
DRAW(double, draw_double)
DRAW(long double, draw_long)

int main(void) {
  draw_float();
  draw_double();
  draw_long();
  return 0;
}
