#include "textflag.h"

#define SYS_madvise 233
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23

// POPULATE asks for the pages between two symbols. Pages have up to 64 KiB here, to which the
// linker aligns segments.
#define POPULATE(from, to, how); \
	MOVD $from(SB), R0; \
	MOVD $to(SB), R1; \
	AND $~0xffff, R0; \
	SUB R0, R1; \
	MOVD $how, R2; \
	MOVD $SYS_madvise, R8; \
	SVC

// func entry()
// Data comes first: the kernel maps what is around a page that is read as well, read-only, and
// to write one of those pages takes a fault and a copy then.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	POPULATE(runtime·noptrdata, runtime·ebss, MADV_POPULATE_WRITE)
	POPULATE(runtime·text, runtime·etext, MADV_POPULATE_READ)
	POPULATE(runtime·rodata, runtime·epclntab, MADV_POPULATE_READ)
	JMP _rt0_arm64_linux(SB)
