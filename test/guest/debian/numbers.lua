-- Numbers of both kinds: arithmetic, conversions, formats, and programs that live on them.
print(math.pi, math.huge, -math.huge, 0 / 0 ~= 0 / 0, math.maxinteger, math.mininteger)
print(7 // 2, -7 // 2, 7 % -3, -7.5 % 2, 7 // 0.0, 1e15, 1e16, 2 ^ 53, 10 / 2, 3 | 0)
print(string.format('%.17g %.17g %a %5.1f %g %d %x', 0.1, 1 / 3, 1.5, 2.25, 1e20, 42, 255))
print(math.type(1), math.type(1.0), math.tointeger(3.0), tostring(-0.0), 1 == 1.0, math.ult(1, -1))
print(tonumber('0x1.8p3'), tonumber('1e1'), tonumber('  12  '), tonumber('z', 36), '10' + 5, 9007199254740993 + 0.0)
print(math.sin(1e6), math.cos(0.5), math.tan(1.2), math.asin(0.3), math.atan(1, -2), math.exp(-3.5))
print(math.log(7), math.log(8, 2), math.log(1000, 10), math.sqrt(2), math.fmod(-7, 3), math.modf(-3.7))
print(math.floor(-2.5), math.ceil(-2.5), math.abs(math.mininteger), 1 << 62, 1 << 64, ~0)
print(pcall(function() return 1 // 0 end))

local function spectral(n)
  local function a(i, j) return 1 / ((i + j) * (i + j + 1) / 2 + i + 1) end
  local u, v = {}, {}
  for i = 0, n - 1 do u[i] = 1.0 end
  local function times(x, y, f)
    for i = 0, n - 1 do
      local s = 0
      for j = 0, n - 1 do s = s + f(i, j) * x[j] end
      y[i] = s
    end
  end
  local t = {}
  for _ = 1, 3 do
    times(u, t, a); times(t, v, function(i, j) return a(j, i) end)
    times(v, t, a); times(t, u, function(i, j) return a(j, i) end)
  end
  local vBv, vv = 0, 0
  for i = 0, n - 1 do vBv = vBv + u[i] * v[i]; vv = vv + v[i] * v[i] end
  return math.sqrt(vBv / vv)
end
print(string.format('%.17g', spectral(24)))

local x, sum = 12345, 0
for i = 1, 20000 do
  x = (x * 1103515245 + 12345) & 0x7fffffff
  sum = sum + math.sin(x) / i
end
print(string.format('%.17g %d', sum, x))
print(string.pack('>d', math.pi):byte(1, -1))
print(string.unpack('<d', string.pack('<d', -1e-310)))
