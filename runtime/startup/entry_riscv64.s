#include "textflag.h"

#define SYS_madvise 233
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23

// POPULATE asks for the pages between two symbols.
#define POPULATE(from, to, how); \
	MOV $from(SB), A0; \
	MOV $to(SB), A1; \
	AND $~0xfff, A0; \
	SUB A0, A1; \
	MOV $how, A2; \
	MOV $SYS_madvise, A7; \
	ECALL

// func entry()
// Data comes first: the kernel maps what is around a page that is read as well, read-only, and
// to write one of those pages takes a fault and a copy then.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	POPULATE(runtime·noptrdata, runtime·ebss, MADV_POPULATE_WRITE)
	POPULATE(runtime·text, runtime·etext, MADV_POPULATE_READ)
	POPULATE(runtime·rodata, runtime·epclntab, MADV_POPULATE_READ)
	JMP _rt0_riscv64_linux(SB)
