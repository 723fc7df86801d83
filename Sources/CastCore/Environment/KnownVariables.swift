/// Every variable that some part of this program reads: the one table.
///
/// A test holds it against the sources, so that a warning about an unknown variable is never wrong.
package enum KnownVariables {
    /// Who reads a variable.
    package enum Reader: String, Sendable, CaseIterable {
        case server
        case node
        /// Commands that speak to a server or recognise speech.
        case commands
        /// The control of rented machines, by the names that its guide gives.
        case fleet
        /// The build, its tests and its benchmarks.
        case development
    }

    package struct Entry: Sendable, Equatable {
        package var name: String
        package var readers: Set<Reader>

        init(_ name: String, _ readers: Reader...) {
            self.name = name
            self.readers = Set(readers)
        }
    }

    package static let all: [Entry] = [
        Entry("CAST2MD_DATA", .server),
        Entry("STORAGE_PATH", .server),
        Entry("ALLOW_PRIVATE_ADDRESSES", .server, .node),
        Entry("ALLOWED_HOSTS", .server),
        Entry("MAX_CONCURRENT_DOWNLOADS", .server),
        Entry("MAX_DOWNLOADS_PER_HOST", .server),
        Entry("MAX_TRANSCRIPT_DOWNLOAD_WORKERS", .server),
        Entry("PUBLISHER_TRANSCRIPTS", .server),
        Entry("SECOND_TRY_MODEL", .server),
        Entry("NODE_AUDIO_FROM_PUBLISHER", .server),
        Entry("FRESH_DAYS", .server),
        Entry("FEED_REFRESH_MINUTES", .server),
        Entry("AUDIO_RETENTION_DAYS", .server),
        Entry("STUCK_THRESHOLD_MINUTES", .server),
        Entry("NODE_HEARTBEAT_TIMEOUT_SECONDS", .server),
        Entry("REMOTE_JOB_TIMEOUT_MINUTES", .server),
        Entry("LEASE_SECONDS", .server),
        Entry("PUBLIC_URL", .server),
        Entry("NTFY_ENABLED", .server),
        Entry("NTFY_URL", .server),
        Entry("NTFY_TOPIC", .server),
        Entry("LOG_FORMAT", .server, .node),
        Entry("LOG_LEVEL", .server, .node),

        Entry("CAST2MD_HOME", .server, .node, .commands),
        Entry("CAST2MD_SERVER", .node, .commands),
        Entry("CAST2MD_PYTHON", .node, .commands),
        Entry("CAST2MD_DECODERS", .node, .commands),
        Entry("CAST2MD_ENGINE", .node, .commands),
        Entry("DATABASE_URL", .commands),
        Entry("HF_ENDPOINT", .node, .commands),
        Entry("HF_HOME", .node, .commands),
        Entry("HF_HUB_CACHE", .node, .commands),
        Entry("WHISPER_MODEL", .node, .commands),
        Entry("NODE_NAME", .node),
        Entry("NODE_REQUIRED_EMPTY_CHECKS", .node),
        Entry("NODE_EMPTY_QUEUE_WAIT", .node),
        Entry("NODE_IDLE_TIMEOUT_MINUTES", .node),
        Entry("NODE_SERVER_UNREACHABLE_MINUTES", .node),
        Entry("NODE_MAX_CONSECUTIVE_FAILURES", .node),
        Entry("NODE_PERSISTENT", .node),

        Entry("FLEET_PROVIDER", .fleet),
        Entry("RUNPOD_ENABLED", .fleet),
        Entry("RUNPOD_API_KEY", .fleet),
        Entry("RUNPOD_API_BASE_URL", .fleet),
        Entry("RUNPOD_SERVER_URL", .fleet),
        Entry("RUNPOD_SERVER_IP", .fleet),
        Entry("RUNPOD_MAX_PODS", .fleet),
        Entry("RUNPOD_AUTO_SCALE", .fleet),
        Entry("RUNPOD_SCALE_THRESHOLD", .fleet),
        Entry("RUNPOD_GPU_TYPE", .fleet),
        Entry("RUNPOD_BLOCKED_GPUS", .fleet),
        Entry("RUNPOD_WHISPER_MODEL", .fleet),
        Entry("RUNPOD_IDLE_TIMEOUT_MINUTES", .fleet),
        Entry("RUNPOD_PODS_PER_THRESHOLD", .fleet),
        Entry("RUNPOD_SCALE_STRATEGY", .fleet),
        Entry("RUNPOD_FINISH_BY", .fleet),
        Entry("RUNPOD_UPLINK_MBIT", .fleet),
        Entry("RUNPOD_CLOUDS", .fleet),
        Entry("RUNPOD_MIN_GPU_MEMORY_GB", .fleet),
        Entry("RUNPOD_MIN_CUDA", .fleet),
        Entry("RUNPOD_MAX_PRICE_PER_HOUR", .fleet),
        Entry("RUNPOD_MAX_LIFETIME_HOURS", .fleet),
        Entry("RUNPOD_BUDGET_PER_HOUR", .fleet),
        Entry("RUNPOD_BUDGET_PER_DAY", .fleet),
        Entry("RUNPOD_BUDGET_PER_MONTH", .fleet),
        Entry("RUNPOD_IMAGE_NAME", .fleet),
        Entry("RUNPOD_DISK_GB", .fleet),
        Entry("RUNPOD_START_COMMAND", .fleet),
        Entry("RUNPOD_WORKER_URL", .fleet),
        Entry("TAILSCALE_CLIENT_ID", .fleet),
        Entry("TAILSCALE_CLIENT_SECRET", .fleet),
        Entry("TAILSCALE_API_BASE_URL", .fleet),
        Entry("TAILSCALE_TAGS", .fleet),

        // Set by the server for the machines that it rents.
        Entry("CAST2MD_SERVER_ID", .fleet),
        Entry("CAST2MD_POD_LEAVE_AT", .fleet),

        // What the start script of a pod reads; an image may set them.
        Entry("CAST2MD_START_SHA256", .fleet),
        Entry("INSTANCE_ID", .fleet),
        Entry("SETUP_TOKEN", .fleet),
        Entry("SERVER_URL", .fleet),
        Entry("RUNPOD_POD_ID", .fleet),
        Entry("CAST2MD_NODE_LOG", .fleet),
        Entry("CAST2MD_WATCHDOG_LOG", .fleet),
        Entry("CAST2MD_WATCHDOG_OPTIONS", .fleet),
        Entry("CAST2MD_WORKER_URL", .fleet),
        Entry("CAST2MD_WORKER_SHA256", .fleet),
        Entry("CAST2MD_POD_STATE", .fleet),
        Entry("CAST2MD_POD_PROXY", .fleet),
        Entry("CAST2MD_POD_ENGINE", .fleet),
        Entry("CAST2MD_POD_SMOKE_TEST", .fleet),
        Entry("CAST2MD_POD_SMOKE_DEVICE", .fleet),
        Entry("CAST2MD_POD_TAILSCALE_SECONDS", .fleet),
        Entry("CAST2MD_POD_SERVER_SECONDS", .fleet),
        Entry("CAST2MD_POD_PROGRAM_SECONDS", .fleet),
        Entry("CAST2MD_POD_ENGINE_SECONDS", .fleet),
        Entry("CAST2MD_POD_SMOKE_SECONDS", .fleet),
        Entry("CAST2MD_POD_REGISTER_SECONDS", .fleet),
        Entry("CAST2MD_POD_END_SECONDS", .fleet),
        Entry("CAST2MD_POD_LOG_SECONDS", .fleet),

        Entry("CAST2MD_TEST_CACHE", .development),
    ]

    package static let names = Set(Self.all.map(\.name))

    /// Beginnings of names that are ours, or that this program shares with others.
    package static let prefixes = ["CAST2MD_", "NODE_", "RUNPOD_", "FLEET_"]

    /// Names with our beginnings that belong to others: to Node.js, and to what a rented machine finds set.
    static let foreignNames: Set<String> = [
        "NODE_AUTH_TOKEN", "NODE_CHANNEL_FD", "NODE_COMPILE_CACHE", "NODE_DEBUG", "NODE_ENV", "NODE_EXTRA_CA_CERTS",
        "NODE_HOME", "NODE_ICU_DATA", "NODE_MAJOR", "NODE_NO_WARNINGS", "NODE_OPTIONS", "NODE_PATH",
        "NODE_PENDING_DEPRECATION", "NODE_REDIRECT_WARNINGS", "NODE_REPL_HISTORY", "NODE_TLS_REJECT_UNAUTHORIZED",
        "NODE_USE_ENV_PROXY", "NODE_V8_COVERAGE", "NODE_VERSION", "RUNPOD_CPU_COUNT", "RUNPOD_DC_ID",
        "RUNPOD_GPU_COUNT", "RUNPOD_GPU_NAME", "RUNPOD_MEM_GB", "RUNPOD_NETWORK_VOLUME_ID", "RUNPOD_POD_HOSTNAME",
        "RUNPOD_POD_ID", "RUNPOD_PUBLIC_IP", "RUNPOD_VOLUME_ID",
    ]

    /// Whole families of such names.
    static let foreignPrefixes = [
        "RUNPOD_SECRET_", "RUNPOD_TCP_PORT_", "RUNPOD_UDP_PORT_", "RUNPOD_ENDPOINT_", "RUNPOD_WEBHOOK_",
    ]
}
