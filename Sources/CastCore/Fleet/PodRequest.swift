/// What a pod shall be: one GPU of one type in one cloud.
///
/// The provider has neither an idempotency key nor tags. So `name` is unique and written down before the request is
/// sent, and whose pod it is stands in its name and its environment.
package struct PodRequest: Sendable, Equatable {
    package var name: String
    /// The container image; the local provider ignores it.
    package var image: String
    package var gpu: GPUID
    package var cloud: Cloud
    package var diskGB: Int
    /// Like `22/tcp` or `8080/http`.
    package var ports: [String]
    /// A value `{{ RUNPOD_SECRET_x }}` is replaced by the provider when the pod boots.
    package var environment: PodEnvironment
    /// Empty: the image's own.
    package var entrypoint: [String]
    /// Empty: the image's own.
    package var command: [String]
    /// Empty: anywhere.
    package var dataCentres: [DataCentreID]
    /// The oldest CUDA version that the host's driver may support.
    package var minimumCUDA: CUDAVersion?

    package init(
        name: String, image: String, gpu: GPUID, cloud: Cloud, diskGB: Int = 40, ports: [String] = [],
        environment: PodEnvironment = [:], entrypoint: [String] = [], command: [String] = [],
        dataCentres: [DataCentreID] = [], minimumCUDA: CUDAVersion? = nil
    ) {
        self.name = name
        self.image = image
        self.gpu = gpu
        self.cloud = cloud
        self.diskGB = diskGB
        self.ports = ports
        self.environment = environment
        self.entrypoint = entrypoint
        self.command = command
        self.dataCentres = dataCentres
        self.minimumCUDA = minimumCUDA
    }
}

/// A pod's variables; printed as names only, since values hold tokens.
package struct PodEnvironment: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package var values: [String: String]

    package init(_ values: [String: String] = [:]) { self.values = values }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.values = Dictionary(elements) { _, last in last }
    }

    package subscript(name: String) -> String? {
        get { self.values[name] }
        set { self.values[name] = newValue }
    }
}

extension PodEnvironment: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[\(self.values.keys.sorted().joined(separator: ", "))]" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: ["names": self.values.keys.sorted()]) }
}
