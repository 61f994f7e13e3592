// Repeats what it reads, and spins when that begins with 's'; ends with status 3 at the end of input.
static int call3(int n, int a, int b, int c) {
  int r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
  return r;
}

volatile int spins;
static char line[64];

int main(void) {
  int n;
  while ((n = call3(3, 0, (int)line, sizeof line)) > 0) {
    call3(4, 1, (int)line, n);
    while (line[0] == 's')
      spins++;
  }
  call3(4, 2, (int)"the \xc3", 5);
  call3(4, 2, (int)"\xa9nd\n", 4);
  return 3;
}

__attribute__((naked)) void _start(void) {
  __asm__("xor %ebp, %ebp\n call main\n mov %eax, %ebx\n mov $1, %eax\n int $0x80");
}
