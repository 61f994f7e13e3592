# gawk -M: MPFR numbers.
BEGIN {
  PREC = 300
  printf "%.80f\n", 4 * atan2(1, 1)
  print 2 ^ 300
  ROUNDMODE = "D"
  printf "%.60f\n", 1 / 3
  ROUNDMODE = "U"
  printf "%.60f\n", sqrt(3)
}
