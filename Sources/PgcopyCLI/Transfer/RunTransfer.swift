// Runs a transfer.

/// Runs the transfer and returns the exit code.
func runTransfer(_ options: TransferOptions) -> Int32 { ExitCode.failure }
