/// A setting of the fleet, as the page and the environment know it.
///
/// The raw value is the name on the page and in the API; the variable is the same in upper case.
package enum FleetSetting: String, Sendable, CaseIterable {
    case enabled = "runpod_enabled"
    case maxPods = "runpod_max_pods"
    case autoScale = "runpod_auto_scale"
    case scaleThreshold = "runpod_scale_threshold"
    case podsPerThreshold = "runpod_pods_per_threshold"
    case scaleStrategy = "runpod_scale_strategy"
    case finishBy = "runpod_finish_by"
    case uplinkMegabits = "runpod_uplink_mbit"
    case gpuType = "runpod_gpu_type"
    case blockedGPUs = "runpod_blocked_gpus"
    case clouds = "runpod_clouds"
    case minimumMemory = "runpod_min_gpu_memory_gb"
    case minimumCUDA = "runpod_min_cuda"
    case priceCeiling = "runpod_max_price_per_hour"
    case model = "runpod_whisper_model"
    case idleTimeout = "runpod_idle_timeout_minutes"
    case maxLifetime = "runpod_max_lifetime_hours"
    case budgetPerHour = "runpod_budget_per_hour"
    case budgetPerDay = "runpod_budget_per_day"
    case budgetPerMonth = "runpod_budget_per_month"
    case image = "runpod_image_name"
    case disk = "runpod_disk_gb"
    case startCommand = "runpod_start_command"
    case workerURL = "runpod_worker_url"
    case serverURL = "runpod_server_url"
    case serverIP = "runpod_server_ip"

    package var variable: String { self.rawValue.uppercased() }

    /// What holds when nothing is set; empty: nothing.
    package var standard: String {
        switch self {
        case .enabled, .autoScale: "false"
        case .maxPods: "3"
        case .scaleThreshold: "10"
        case .podsPerThreshold: "1"
        case .scaleStrategy: "threshold"
        case .gpuType: "NVIDIA RTX A5000"
        case .blockedGPUs: "NVIDIA GeForce RTX 4090,NVIDIA GeForce RTX 4080,NVIDIA L4"
        case .clouds: "community,secure"
        case .minimumMemory: "16"
        case .minimumCUDA: "12.6"
        case .priceCeiling: "1.00"
        case .model: "parakeet-tdt-0.6b-v3"
        case .idleTimeout: "10"
        case .maxLifetime: "12"
        case .image: "meltforce/cast2md-afterburner:cuda124"
        case .disk: "40"
        case .finishBy, .uplinkMegabits, .budgetPerHour, .budgetPerDay, .budgetPerMonth, .startCommand, .workerURL,
            .serverURL, .serverIP:
            ""
        }
    }

    /// The unit of the value; empty where it has none.
    package var unit: String {
        switch self {
        case .maxPods, .podsPerThreshold: "pods"
        case .scaleThreshold: "jobs"
        case .uplinkMegabits: "Mbit/s"
        case .minimumMemory, .disk: "GB"
        case .priceCeiling, .budgetPerHour, .budgetPerDay, .budgetPerMonth: "US dollars"
        case .idleTimeout: "minutes"
        case .maxLifetime: "hours"
        case .enabled, .autoScale, .scaleStrategy, .finishBy, .gpuType, .blockedGPUs, .clouds, .minimumCUDA, .model,
            .image, .startCommand, .workerURL, .serverURL, .serverIP:
            ""
        }
    }

    /// One sentence for the page.
    package var summary: String {
        switch self {
        case .enabled: "Whether pods may be started at all."
        case .maxPods: "The most pods at a time, those that are being ended included."
        case .autoScale: "Start pods by themselves when the queue grows."
        case .scaleThreshold: "Pods start when more jobs than this can be claimed."
        case .podsPerThreshold: "How many pods for each full threshold."
        case .scaleStrategy: "threshold counts jobs; backlog sizes the fleet by hours of audio, speed and cost."
        case .finishBy: "When the queue should be done, like 2026-12-24T18:00:00Z; with backlog only."
        case .uplinkMegabits:
            "What this server can send; more pods than it feeds are not bought. Empty takes what is measured."
        case .gpuType: "The GPU that is tried first, by id or name."
        case .blockedGPUs: "GPUs that are never used, by whole id or name, separated by commas."
        case .clouds: "Whose machines may be used: community, secure, or both."
        case .minimumMemory: "The least memory of a GPU."
        case .minimumCUDA: "The oldest CUDA version that a host's driver may support."
        case .priceCeiling: "The most that a pod may cost an hour."
        case .model: "The model that pods run."
        case .idleTimeout: "A worker without work for so long leaves."
        case .maxLifetime: "Every pod is ended after this time."
        case .budgetPerHour: "The most that may be spent in an hour of the clock (UTC)."
        case .budgetPerDay: "The most that may be spent in a day (UTC)."
        case .budgetPerMonth: "The most that may be spent in a month (UTC)."
        case .image: "The container image of a pod."
        case .disk: "The disk of a pod."
        case .startCommand: "What a pod runs in place of this server's start script."
        case .workerURL:
            "Where pods fetch the worker program if not here: an address that ends in #sha256= and its digest."
        case .serverURL: "Where pods reach this server, like http://your-server:8000."
        case .serverIP: "This server's address in the tailnet; pods have no MagicDNS."
        }
    }
}
