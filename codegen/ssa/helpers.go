package ssa

// The helpers that more than one record, or code generation itself, calls.
var (
	HelperMapLookup = &Helper{Name: "map_lookup_elem", ID: 1, Effect: Reads, ReadsArg: 1 << 1,
		Args: []ArgKind{ArgMap, ArgKey}, Result: Type{Kind: MemOrNull}}
	HelperMapUpdate = &Helper{Name: "map_update_elem", ID: 2, Effect: Writes, ReadsArg: 1<<1 | 1<<2,
		Args: []ArgKind{ArgMap, ArgKey, ArgValue, ArgAny}, Result: Type{Kind: Scalar}}
	HelperMapDelete = &Helper{Name: "map_delete_elem", ID: 3, Effect: Writes, ReadsArg: 1 << 1,
		Args: []ArgKind{ArgMap, ArgKey}, Result: Type{Kind: Scalar}}
	HelperKtime = &Helper{Name: "ktime_get_ns", ID: 5, Effect: Reads,
		Args: []ArgKind{}, Result: Type{Kind: Scalar}}
	HelperPrandom = &Helper{Name: "get_prandom_u32", ID: 7, Effect: Reads,
		Args: []ArgKind{}, Result: Type{Kind: Scalar}}
	HelperSMPID = &Helper{Name: "get_smp_processor_id", ID: 8, Effect: Stable,
		Args: []ArgKind{}, Result: Type{Kind: Scalar}}
	HelperPidTgid = &Helper{Name: "get_current_pid_tgid", ID: 14, Effect: Stable,
		Args: []ArgKind{}, Result: Type{Kind: Scalar}}
	HelperUidGid = &Helper{Name: "get_current_uid_gid", ID: 15, Effect: Stable,
		Args: []ArgKind{}, Result: Type{Kind: Scalar}}
	HelperComm = &Helper{Name: "get_current_comm", ID: 16, Effect: Writes, WritesArg: 1 << 0,
		Args: []ArgKind{ArgMem, ArgSize}, Result: Type{Kind: Scalar}}
	HelperGetStackid = &Helper{Name: "get_stackid", ID: 27, Effect: Reads,
		Args: []ArgKind{ArgCtx, ArgMap, ArgAny}, Result: Type{Kind: Scalar}}
	HelperCurrentTask = &Helper{Name: "get_current_task", ID: 35, Effect: Stable,
		Args: []ArgKind{}, Result: Type{Kind: Scalar}}
	HelperGetStack = &Helper{Name: "get_stack", ID: 67, Effect: Writes, WritesArg: 1 << 1,
		Args: []ArgKind{ArgCtx, ArgMem, ArgSize, ArgAny}, Result: Type{Kind: Scalar}}
	HelperProbeReadUser = &Helper{Name: "probe_read_user", ID: 112, Effect: Writes, WritesArg: 1 << 0,
		Args: []ArgKind{ArgMem, ArgSize, ArgAny}, Result: Type{Kind: Scalar}}
	HelperProbeReadKernel = &Helper{Name: "probe_read_kernel", ID: 113, Effect: Writes, WritesArg: 1 << 0,
		Args: []ArgKind{ArgMem, ArgSize, ArgAny}, Result: Type{Kind: Scalar}}
	HelperReadUserStr = &Helper{Name: "probe_read_user_str", ID: 114, Effect: Writes, WritesArg: 1 << 0, PartArg: 1 << 0,
		Args: []ArgKind{ArgMem, ArgSize, ArgAny}, Result: Type{Kind: Scalar}}
	HelperReadKernelStr = &Helper{Name: "probe_read_kernel_str", ID: 115, Effect: Writes, WritesArg: 1 << 0, PartArg: 1 << 0,
		Args: []ArgKind{ArgMem, ArgSize, ArgAny}, Result: Type{Kind: Scalar}}
	HelperRingbufOutput = &Helper{Name: "ringbuf_output", ID: 130, Effect: Writes, ReadsArg: 1 << 1,
		Args: []ArgKind{ArgMap, ArgMem, ArgSize, ArgAny}, Result: Type{Kind: Scalar}}
	HelperRingbufReserve = &Helper{Name: "ringbuf_reserve", ID: 131, Effect: Writes,
		Args: []ArgKind{ArgMap, ArgAny, ArgAny}, Result: Type{Kind: MemOrNull, Record: true}}
	HelperRingbufSubmit = &Helper{Name: "ringbuf_submit", ID: 132, Effect: Writes,
		Args: []ArgKind{ArgRecord, ArgAny}, Result: Type{Kind: Void}}
	HelperRingbufDiscard = &Helper{Name: "ringbuf_discard", ID: 133, Effect: Writes,
		Args: []ArgKind{ArgRecord, ArgAny}, Result: Type{Kind: Void}}
	HelperRingbufQuery = &Helper{Name: "ringbuf_query", ID: 134, Effect: Reads,
		Args: []ArgKind{ArgMap, ArgAny}, Result: Type{Kind: Scalar}}
	HelperCurrentTaskBTF = &Helper{Name: "get_current_task_btf", ID: 158, Effect: Stable,
		Args: []ArgKind{}, Result: Type{Kind: BTF}}
	HelperAttachCookie = &Helper{Name: "get_attach_cookie", ID: 174, Effect: Stable,
		Args: []ArgKind{ArgCtx}, Result: Type{Kind: Scalar}}
	HelperFuncRet = &Helper{Name: "get_func_ret", ID: 184, Effect: Writes, WritesArg: 1 << 1,
		Args: []ArgKind{ArgCtx, ArgLong}, Result: Type{Kind: Scalar}}
)

// helpers are the ones the parser of the printed form knows without being told.
var helpers = []*Helper{
	HelperMapLookup, HelperMapUpdate, HelperMapDelete, HelperKtime, HelperPrandom, HelperSMPID, HelperPidTgid,
	HelperUidGid, HelperComm, HelperGetStackid, HelperCurrentTask, HelperGetStack, HelperProbeReadUser,
	HelperProbeReadKernel, HelperReadUserStr, HelperReadKernelStr, HelperRingbufOutput, HelperRingbufReserve,
	HelperRingbufSubmit, HelperRingbufDiscard, HelperRingbufQuery, HelperCurrentTaskBTF, HelperAttachCookie,
	HelperFuncRet,
}

// HelperByName gives one of the helpers above, or nil.
func HelperByName(name string) *Helper {
	for _, h := range helpers {
		if h.Name == name {
			return h
		}
	}
	return nil
}
