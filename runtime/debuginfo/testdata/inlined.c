/*
 * The source of the files here, made with GCC 12 for x86-64 by
 *
 *   F="-O2 -ffreestanding -nostdlib -static -fno-asynchronous-unwind-tables -Wl,--build-id -Wl,-z,noseparate-code"
 *   gcc $F -gdwarf-4 -o dwarf4 inlined.c other.c
 *   gcc $F -gdwarf-5 -o dwarf5 inlined.c other.c
 *   gcc $F -gdwarf-5 -flto -flto-partition=none -o lto inlined.c other.c
 *   gcc $F -gdwarf-5 -gz=zlib -o compressed inlined.c other.c
 *
 * and with clang 14, in objects of -gdwarf-5 that gcc $F links, clang.
 *
 * Wherever the compiler puts step, the assembler leaves a symbol in_step_N: what is
 * to be found.
 */
volatile int sink;

static inline __attribute__((always_inline)) void step(int n)
{
	__asm__ volatile("in_step_%=:\n\tnop" ::: "memory");
	sink = n;
}

/* Has no code left. */
static inline __attribute__((always_inline)) int nothing(int n)
{
	return n;
}

/* One that is only a symbol. */
__attribute__((noinline)) void whole(int n)
{
	sink = nothing(n);
}

extern void twice(int n);

__attribute__((noinline)) void once(int n)
{
	if (n > 3)
		step(n);
	whole(n);
}

__attribute__((noreturn)) void _start(void)
{
	once(sink);
	twice(sink);
	for (;;)
		;
}
