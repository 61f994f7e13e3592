// Inverse of Hilbert's and of random matrices by Gauss-Jordan, in all three formats and four rounding modes.
#include "numeric.h"

#define N 9

#define INVERT(T, name, format)                                              \
  static void name(int hilbert) {                                           \
    static T a[N][2 * N];                                                    \
    for (int i = 0; i < N; i++)                                              \
      for (int j = 0; j < 2 * N; j++)                                        \
        a[i][j] = j >= N       ? (T)(j - N == i)                             \
                  : hilbert    ? (T)1 / (T)(i + j + 1)                       \
                               : (T)(next_unit() * 2 - 1);                   \
    for (int c = 0; c < N; c++) {                                            \
      int best = c;                                                          \
      for (int r = c + 1; r < N; r++)                                        \
        if ((a[r][c] < 0 ? -a[r][c] : a[r][c]) >                             \
            (a[best][c] < 0 ? -a[best][c] : a[best][c]))                     \
          best = r;                                                          \
      for (int j = 0; j < 2 * N; j++) {                                      \
        T t = a[c][j];                                                       \
        a[c][j] = a[best][j];                                                \
        a[best][j] = t;                                                      \
      }                                                                      \
      T pivot = a[c][c];                                                     \
      for (int j = 0; j < 2 * N; j++) a[c][j] /= pivot;                      \
      for (int r = 0; r < N; r++) {                                          \
        if (r == c) continue;                                                \
        T f = a[r][c];                                                       \
        for (int j = 0; j < 2 * N; j++) a[r][j] -= f * a[c][j];              \
      }                                                                      \
    }                                                                        \
    T trace = 0;                                                             \
    for (int i = 0; i < N; i++) trace += a[i][N + i];                        \
    printf("  %s trace " format " corner " format "\n", #T, trace, a[0][N]); \
  }

INVERT(float, invert_float, "%.9g")
INVERT(double, invert_double, "%.17g")
INVERT(long double, invert_long, "%.21Lg")

int main(void) {
  for (int m = 0; m < 4; m++) {
    fesetround(modes[m]);
    printf("%s\n", mode_names[m]);
    for (int hilbert = 0; hilbert < 2; hilbert++) {
      invert_float(hilbert);
      invert_double(hilbert);
      invert_long(hilbert);
    }
  }
  return 0;
}
