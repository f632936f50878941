#!/bin/sh
# A live trace of this machine for about five seconds: system calls by program,
# and a histogram of how long they take.
set -eu
tool=${1:-sonde}
if [ ! -d /sys/kernel/tracing/events ] && [ ! -d /sys/kernel/debug/tracing/events ]; then
	echo "tracefs is not mounted; mounting it on /sys/kernel/tracing"
	mount -t tracefs nodev /sys/kernel/tracing
fi

# Something to look at on an idle machine.
(while :; do find /etc /usr/bin -maxdepth 1 >/dev/null 2>&1; sleep 0.2; done) &
busy=$!
trap 'kill $busy 2>/dev/null' EXIT INT TERM

"$tool" -e '
begin
{
	printf("Tracing system calls for five seconds...\n");
}

tracepoint:raw_syscalls:sys_enter
{
	@calls[comm] = count();
	@start[tid] = nsecs;
}

tracepoint:raw_syscalls:sys_exit
/has_key(@start, tid)/
{
	@usecs = hist((nsecs - @start[tid]) / 1000);
	delete(@start, tid);
}

interval:s:1
{
	time("\n%H:%M:%S  ");
	printf("the five busiest programs of the last second:\n");
	print(@calls, 5);
	clear(@calls);
}

interval:s:5
{
	printf("\nHow long system calls took, in microseconds:\n");
	exit();
}

end
{
	clear(@start);
	clear(@calls);
}'
