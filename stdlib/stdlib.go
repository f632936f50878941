// Package stdlib is the vocabulary: every builtin value, function, aggregation
// and probe type, one record each, in a file of its own below.
//
// Comes in: nothing; the records are plain values. Goes out: one Library, seen
// through interfaces by the checker (names, signatures), code generation
// (lowering) and the runtime (event handling); and the reference text that
// --help, the REPL and the documentation show. No other layer knows a name in
// here.
package stdlib
