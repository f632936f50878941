extern volatile int sink;

static inline __attribute__((always_inline)) void step(int n)
{
	__asm__ volatile("in_step_%=_other:\n\tnop" ::: "memory");
	sink = n + 1;
}

__attribute__((noinline)) void twice(int n)
{
	step(n);
	if (n > 7)
		step(-n);
}
