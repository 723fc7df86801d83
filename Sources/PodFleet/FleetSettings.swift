package import CastCore
package import Foundation

/// The fleet's settings, read and checked.
///
/// Whoever makes it lays what the page has set over the environment before: a value of the page wins.
package struct FleetSettings: Sendable, Equatable {
    package var isEnabled: Bool
    package var maxPods: Int
    package var isAutoScaling: Bool
    package var scaleThreshold: Int
    package var podsPerThreshold: Int
    package var strategy: ScalePolicy.Strategy
    package var finishBy: Date?
    package var uplinkMegabits: Double?
    package var gpuType: String?
    package var blockedGPUs: [String]
    package var clouds: [Cloud]
    package var minimumMemoryGB: Int
    /// By default what the image asks for, deploy/afterburner/cuda-floor: it starts from CUDA 12.4 on, and its recogniser
    /// is fast from 12.6 on, since NeMo uses its CUDA graphs with such drivers only.
    package var minimumCUDA: CUDAVersion?
    package var priceCeiling: Money?
    package var model: String
    package var idleTimeoutMinutes: Int
    package var maxLifetime: TimeInterval
    package var caps: BudgetCaps
    package var image: String
    package var diskGB: Int
    /// In place of the start script; a JSON array is the command itself, anything else a line for the shell.
    package var startCommand: StartCommand?
    /// A worker program from elsewhere, with its digest; nil: this server's own.
    package var worker: WorkerSource?
    package var serverURL: String?
    package var serverIP: String?

    /// Reads every setting, or takes its default.
    ///
    /// - Throws: `.invalid` that names the variable and says what it may be.
    package init(_ variables: Variables = Variables([:])) throws {
        let values = SettingReader(variables)
        self.isEnabled = try values.bool(.enabled)
        self.maxPods = try values.int(.maxPods, in: 0...100)
        self.isAutoScaling = try values.bool(.autoScale)
        self.scaleThreshold = try values.int(.scaleThreshold, in: 1...100_000)
        self.podsPerThreshold = try values.int(.podsPerThreshold, in: 1...100)
        self.strategy = try values.choice(.scaleStrategy)
        self.finishBy = try values.date(.finishBy)
        self.uplinkMegabits = try values.optionalInt(.uplinkMegabits, in: 1...100_000).map(Double.init)
        self.gpuType = values.text(.gpuType)
        self.blockedGPUs = values.list(.blockedGPUs)
        self.clouds = try values.clouds(.clouds)
        self.minimumMemoryGB = try values.int(.minimumMemory, in: 0...1000)
        self.minimumCUDA = try values.cuda(.minimumCUDA)
        self.priceCeiling = try values.money(.priceCeiling)
        self.model = values.text(.model) ?? FleetSetting.model.standard
        self.idleTimeoutMinutes = try values.int(.idleTimeout, in: 1...1440)
        self.maxLifetime = TimeInterval(try values.int(.maxLifetime, in: 1...168)) * 3600
        self.caps = BudgetCaps(
            perHour: try values.money(.budgetPerHour), perDay: try values.money(.budgetPerDay),
            perMonth: try values.money(.budgetPerMonth))
        self.image = values.text(.image) ?? FleetSetting.image.standard
        self.diskGB = try values.int(.disk, in: 10...2000)
        self.startCommand = try values.command(.startCommand)
        self.worker = try values.worker()
        self.serverURL = try values.address(.serverURL)
        self.serverIP = values.text(.serverIP)
    }

    /// Where pods get their worker program, and its SHA-256 in hexadecimal.
    package struct WorkerSource: Sendable, Equatable {
        package var url: String
        package var digest: String
    }

    /// What a pod's container runs.
    package struct StartCommand: Sendable, Equatable {
        /// Empty: the image's own.
        package var entrypoint: [String] = []
        package var command: [String]
    }

    /// What holds while no settings can be read: nothing is bought, and nothing is in excess.
    static var closed: FleetSettings {
        // The defaults are correct, which a test says.
        guard var settings = try? FleetSettings() else { preconditionFailure("A default setting is wrong.") }
        settings.isEnabled = false
        settings.maxPods = .max
        return settings
    }

    package var candidates: CandidatePolicy {
        CandidatePolicy(
            preferred: self.gpuType, blocked: self.blockedGPUs, clouds: self.clouds,
            minimumMemoryGB: self.minimumMemoryGB, minimumCUDA: self.minimumCUDA, priceCeiling: self.priceCeiling)
    }

    package var scaling: ScalePolicy {
        var policy = ScalePolicy()
        policy.strategy = self.strategy
        policy.threshold = self.scaleThreshold
        policy.podsPerThreshold = self.podsPerThreshold
        policy.maxPods = self.maxPods
        policy.finishBy = self.finishBy
        policy.uplinkMegabits = self.uplinkMegabits
        return policy
    }

    package var limits: PodLimits {
        var limits = PodLimits()
        // The worker's own rule goes first; this is for one that does not follow it.
        limits.idle = TimeInterval(self.idleTimeoutMinutes) * 60 + 300
        return limits
    }
}
