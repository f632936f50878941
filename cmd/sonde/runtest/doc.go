// Package runtest tests the tool as its users run it: a built binary, scripts,
// workloads whose every step is known, and what must be printed.
//
// The cases are in testdata/run/tool, one archive for each subject. An archive
// holds scripts NAME.bt, each followed by what it must print: NAME.txt on standard
// output, NAME.err on standard error. Comment lines at the top of a script say how
// it is run:
//
//	// work: MODE ARG...   the workload, started when everything is attached; the
//	//                     tool is interrupted once it has ended
//	// until: LINE         nor is it interrupted before it has printed such a line: of
//	//                     what it has not printed soon after that, it tells the count
//	// args: ARG...        arguments of the tool before the script
//	// words: ARG...       arguments behind it: the script's parameters
//	// example: FILE       the script is this one of examples/
//	// needs: FEATURE...   what the kernel must offer (lang/feature)
//	// ways: FEATURE       run it a second time without that feature, by another
//	//                     mechanism, which must change nothing
//	// program: NAME...    what must be installed
//	// module: NAME        the module that the kernel must have loaded
//	// processor: NAME     the one that it runs on, as Go calls it
//	// patience: SECONDS   after which the tool hangs, 60 unless said
//	// status: N           the tool's exit status, 0 unless said
//
// In these and in the expected output $pid is the workload's process, $tmp an empty
// folder, and $work the folder where each workload lies as a program of its own
// name. In the expected output a line "..." stands for any number of lines, and a
// line that begins with "~ " is a regular expression for a whole line but the
// blanks around it; -update
// leaves such expectations as they are and rewrites the others.
//
// The tests run the binary that $SONDE names, or build one.
package runtest
