// Sun and four planets for some thousand steps: energy and positions, in double and long double.
#include "numeric.h"

#define BODIES 5
#define SIMULATE(T, root, name, format)                                              \
  static void name(int steps) {                                                      \
    T p[BODIES][3], v[BODIES][3], m[BODIES];                                         \
    for (int i = 0; i < BODIES; i++) {                                               \
      m[i] = (T)start[i][6] * (T)SOLAR;                                              \
      for (int c = 0; c < 3; c++) {                                                  \
        p[i][c] = (T)start[i][c];                                                    \
        v[i][c] = (T)start[i][3 + c] * (T)365.24;                                    \
      }                                                                              \
    }                                                                                \
    for (int step = 0; step <= steps; step++) {                                      \
      if (step % 500 == 0) {                                                         \
        T e = 0;                                                                     \
        for (int i = 0; i < BODIES; i++) {                                           \
          e += m[i] * (v[i][0] * v[i][0] + v[i][1] * v[i][1] + v[i][2] * v[i][2]) / 2; \
          for (int j = i + 1; j < BODIES; j++) {                                     \
            T x = p[i][0] - p[j][0], y = p[i][1] - p[j][1], z = p[i][2] - p[j][2];   \
            e -= m[i] * m[j] / root(x * x + y * y + z * z);                          \
          }                                                                          \
        }                                                                            \
        printf(#T " %d " format " " format "\n", step, e, p[1][0]);                  \
      }                                                                              \
      for (int i = 0; i < BODIES; i++)                                               \
        for (int j = i + 1; j < BODIES; j++) {                                       \
          T x = p[i][0] - p[j][0], y = p[i][1] - p[j][1], z = p[i][2] - p[j][2];     \
          T d = x * x + y * y + z * z, mag = (T)0.01 / (d * root(d));                \
          v[i][0] -= x * m[j] * mag, v[i][1] -= y * m[j] * mag;                      \
          v[i][2] -= z * m[j] * mag;                                                 \
          v[j][0] += x * m[i] * mag, v[j][1] += y * m[i] * mag;                      \
          v[j][2] += z * m[i] * mag;                                                 \
        }                                                                            \
      for (int i = 0; i < BODIES; i++)                                               \
        for (int c = 0; c < 3; c++) p[i][c] += (T)0.01 * v[i][c];                    \
    }                                                                                \
  }

#define SOLAR (4 * M_PI * M_PI)
// Position in astronomical units, velocity in units a day, mass in suns.
static const double start[BODIES][7] = {
    {0, 0, 0, 0, 0, 0, 1},
    {4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.00166007664274403694,
     0.00769901118419740425, -0.0000690460016972063023, 0.000954791938424326609},
    {8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -0.00276742510726411020,
     0.00499852801234917238, 0.0000230417297573763929, 0.000285885980666130812},
    {12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 0.00296460137564761618,
     0.00237847173959480950, -0.0000296589568540237556, 0.0000436624404335156298},
    {15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.00268067772490389322,
     0.00162824170038242295, -0.0000951592254519715870, 0.0000515138902046611451},
};

SIMULATE(float, sqrtf, simulate_float, "%.9g")
SIMULATE(double, sqrt, simulate_double, "%.17g")
SIMULATE(long double, sqrtl, simulate_long, "%.21Lg")

int main(void) {
  for (int m = 0; m < 4; m++) {
    fesetround(modes[m]);
    printf("%s\n", mode_names[m]);
    simulate_float(1000);
    simulate_double(1000);
    simulate_long(500);
  }
  return 0;
}
