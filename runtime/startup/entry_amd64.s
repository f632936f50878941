#include "textflag.h"

#define SYS_madvise 28
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23

// POPULATE asks for the pages between two symbols.
#define POPULATE(from, to, how); \
	MOVQ $from(SB), DI; \
	MOVQ $to(SB), SI; \
	ANDQ $~0xfff, DI; \
	SUBQ DI, SI; \
	MOVQ $how, DX; \
	MOVQ $SYS_madvise, AX; \
	SYSCALL

// func entry()
// Data comes first: the kernel maps what is around a page that is read as well, read-only, and
// to write one of those pages takes a fault and a copy then.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	POPULATE(runtime·noptrdata, runtime·ebss, MADV_POPULATE_WRITE)
	POPULATE(runtime·text, runtime·etext, MADV_POPULATE_READ)
	POPULATE(runtime·rodata, runtime·epclntab, MADV_POPULATE_READ)
	JMP _rt0_amd64_linux(SB)
