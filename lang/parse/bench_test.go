package parse

import (
	"strings"
	"testing"

	"sonde/lang/source"
)

// benchScript is about 5 kB of what scripts usually hold.
var benchScript = strings.Repeat(`
// latency of block requests, by disk and by process
tracepoint:block:block_rq_issue,
tracepoint:block:block_rq_insert
/args.dev != 0 && comm != "sonde"/
{
	$key = (args.dev, args.sector);
	@start[$key] = nsecs;
	@name[$key, pid] = comm;
	if (args.bytes > 4096 * 16) { @large[comm] = count(); } else { @small++; }
}

tracepoint:block:block_rq_complete
{
	$now = nsecs;
	$key = (args.dev, args.sector);
	$us = ($now - @start[$key]) / 1000;
	@us[args.dev >> 20, args.dev & ((1 << 20) - 1)] = hist($us);
	$task = (struct task_struct *)curtask;
	printf("%-16s %-8d %-8llu %s\n", comm, $task->real_parent->pid, $us, str(args.rwbs));
	delete(@start, $key);
}
`, 6)

func BenchmarkParse(b *testing.B) {
	f := source.NewFile("bench.bt", benchScript)
	if _, list := Parse(f, Options{}); len(list) > 0 {
		b.Fatal(list)
	}
	b.SetBytes(int64(len(benchScript)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(f, Options{})
	}
}

func BenchmarkScan(b *testing.B) {
	f := source.NewFile("bench.bt", benchScript)
	b.SetBytes(int64(len(benchScript)))
	for b.Loop() {
		newScanner(f, nil).script()
	}
}
