/**
 * Keeps ONNX Runtime from reporting to its maker. Version 1.30 for Linux opens a data base in the user's cache folder when its first
 * session is made and sends what it gathers to events.data.microsoft.com, unless this variable is set; nobody who keeps
 * data private wants that, so it is off unless the user has set the variable.
 *
 * The library reads the environment of the process, which threads cannot change: whoever starts worker threads that compute
 * calls this before, on the main thread.
 */
export function refuseTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= "1";
}
