/// What runs on one GPU type with one model got done.
package struct MeasuredSpeed: Sendable, Equatable, Codable {
    package var gpu: GPUID
    package var model: String
    package var audioSeconds: Double
    /// Time in which the workers had jobs.
    package var busySeconds: Double
    package var jobs: Int

    package init(gpu: GPUID, model: String, audioSeconds: Double, busySeconds: Double, jobs: Int) {
        self.gpu = gpu
        self.model = model
        self.audioSeconds = audioSeconds
        self.busySeconds = busySeconds
        self.jobs = jobs
    }

    /// Enough to count for more than a published figure: five jobs, an hour of audio, a minute of work.
    package var isEnough: Bool { self.jobs >= 5 && self.audioSeconds >= 3600 && self.busySeconds >= 60 }

    package var speed: Double { self.audioSeconds / max(self.busySeconds, 0.001) }
}

/// How fast GPUs turn audio into text, in audio seconds a second: measured where known, published otherwise.
package struct GPUSpeeds: Sendable, Equatable {
    package var measured: [MeasuredSpeed]

    package init(measured: [MeasuredSpeed] = []) { self.measured = measured }

    package func speed(of gpu: GPUID, model: String) -> (value: Double, isMeasured: Bool) {
        let own = self.measured.first { $0.gpu == gpu && $0.model == model && $0.isEnough }
        if let own { return (own.speed, true) }
        return (Self.published(gpu, model: model), false)
    }

    /// The existing project's published figures for Parakeet (`docs/distributed/performance.md` there).
    ///
    /// A GPU that nobody has published counts as fast as the A5000: it is then ranked by price alone until it is
    /// measured.
    private static let parakeet: [GPUID: Double] = [
        "NVIDIA RTX A4000": 50, "NVIDIA RTX A5000": 87, "NVIDIA GeForce RTX 3090": 80, "NVIDIA RTX A6000": 110,
    ]
    private static let unknownGPU: Double = 87

    /// How fast a model is, by the existing server's guide, where Parakeet runs a hundred times as fast as speech.
    private static let models: [String: Double] = [
        "large-v3-turbo": 35, "large-v3": 20, "large-v2": 20, "medium": 40, "small": 60,
    ]
    /// Larger and smaller models than those of the table are rare; the slowest of the table is the careful guess.
    private static let unknownModel: Double = 20

    private static func published(_ gpu: GPUID, model: String) -> Double {
        let onParakeet = self.parakeet[gpu] ?? self.unknownGPU
        switch Backend(model: model) {
        case .parakeet: return onParakeet
        case .whisper: return onParakeet / 100 * (self.models[model] ?? self.unknownModel)
        }
    }
}

extension MeasuredSpeed {
    /// What runs came to, by GPU and model.
    package static func sum(_ runs: some Sequence<PodRun>) -> [MeasuredSpeed] {
        var sums: [[String]: MeasuredSpeed] = [:]
        for run in runs where run.jobs > 0 {
            sums[
                [run.gpu.rawValue, run.model],
                default: MeasuredSpeed(gpu: run.gpu, model: run.model, audioSeconds: 0, busySeconds: 0, jobs: 0)
            ].add(run)
        }
        return sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    private mutating func add(_ run: PodRun) {
        self.audioSeconds += run.audioSeconds
        self.busySeconds += run.busySeconds
        self.jobs += run.jobs
    }
}
