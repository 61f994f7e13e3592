// A radix-2 transform forth and back: what is left of the signal, and a few lines of the spectrum.
#include "numeric.h"

#define N 1024
static double re[N], im[N];

static void transform(int sign) {
  for (int i = 1, j = 0; i < N; i++) {
    int bit = N >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      double t = re[i];
      re[i] = re[j];
      re[j] = t;
      t = im[i];
      im[i] = im[j];
      im[j] = t;
    }
  }
  for (int length = 2; length <= N; length <<= 1) {
    double angle = sign * 2 * M_PI / length;
    double wr = cos(angle), wi = sin(angle);
    for (int i = 0; i < N; i += length) {
      double cr = 1, ci = 0;
      for (int k = 0; k < length / 2; k++) {
        int a = i + k, b = a + length / 2;
        double xr = re[b] * cr - im[b] * ci, xi = re[b] * ci + im[b] * cr;
        re[b] = re[a] - xr;
        im[b] = im[a] - xi;
        re[a] += xr;
        im[a] += xi;
        double t = cr * wr - ci * wi;
        ci = cr * wi + ci * wr;
        cr = t;
      }
    }
  }
}

int main(void) {
  static double signal[N];
  for (int i = 0; i < N; i++)
    re[i] = signal[i] = sin(i * 0.05) + 0.25 * cos(i * 0.7) + 0.1 * next_unit();
  transform(1);
  uint32_t h = 2166136261u;
  for (int i = 0; i < N; i++) h = hash_double(hash_double(h, re[i]), im[i]);
  for (int i = 0; i < 12; i++) printf("%d %.17g %.17g\n", i, re[i], im[i]);
  transform(-1);
  double worst = 0;
  for (int i = 0; i < N; i++) {
    double off = fabs(re[i] / N - signal[i]);
    if (off > worst) worst = off;
    h = hash_double(h, re[i]);
  }
  printf("worst %.17g, all %08x\n", worst, h);
  return worst < 1e-12 ? 0 : 1;
}
