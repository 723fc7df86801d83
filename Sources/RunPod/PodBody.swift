import CastCore
import Foundation

/// The body of `POST /v2/pods`, exactly as RunPod's REST v2 takes it: a key too many is an error there.
struct PodBody: Encodable, Sendable {
    struct GPU: Encodable, Sendable {
        var id: String
        /// Documented as optional; without it every create was refused for lack of capacity.
        var count = 1
        var minCudaVersion: String?
    }

    var name: String
    var image: String
    var gpu: GPU
    var cloud: String
    var disk: Int
    var ports: [String]
    var env: [String: String]
    var entrypoint: [String]?
    var cmd: [String]?
    var dataCenterIds: [String]?
    var startSsh = false
    var startJupyter = false

    /// - Throws: `.invalidRequest` for what RunPod would refuse anyway, or misunderstand.
    init(_ request: PodRequest) throws(ProviderFailure) {
        try Self.check(request)
        self.name = request.name
        self.image = request.image
        self.gpu = GPU(id: request.gpu.rawValue, minCudaVersion: request.minimumCUDA?.description)
        self.cloud = request.cloud.wireName
        self.disk = request.diskGB
        self.ports = request.ports
        self.env = request.environment.values
        self.entrypoint = request.entrypoint.isEmpty ? nil : request.entrypoint
        self.cmd = request.command.isEmpty ? nil : request.command
        self.dataCenterIds = request.dataCentres.isEmpty ? nil : request.dataCentres.map(\.rawValue)
    }

    private static func check(_ request: PodRequest) throws(ProviderFailure) {
        func require(_ holds: Bool, _ sentence: String) throws(ProviderFailure) {
            if !holds { throw ProviderFailure(.invalidRequest, sentence) }
        }
        try require(
            (1...191).contains(request.name.utf8.count), "A pod's name has 1 to 191 bytes.")
        try require(
            !request.image.isEmpty && !request.image.contains(where: \.isWhitespace),
            "A pod's image is a name like ghcr.io/owner/image:tag.")
        try require(!request.gpu.rawValue.isEmpty, "A pod's GPU is an id like NVIDIA RTX A5000.")
        try require(request.diskGB >= 1, "A pod's disk has at least 1 GB.")
        try require(
            request.environment.values.count <= 50,
            "RunPod takes 50 variables; this pod has \(request.environment.values.count).")
        for port in request.ports {
            let parts = port.split(separator: "/", omittingEmptySubsequences: false)
            let number = parts.first.flatMap { Int($0) } ?? 0
            try require(
                parts.count == 2 && (1...65_535).contains(number) && ["tcp", "http"].contains(parts[1]),
                "“\(port)” is not a port. It looks like 22/tcp or 8080/http.")
        }
        for place in request.dataCentres {
            // In lower case the call fails in ways that look like lack of capacity.
            try require(
                !place.rawValue.isEmpty && place.rawValue == place.rawValue.uppercased(),
                "“\(place)” is not a data centre. It looks like EU-RO-1.")
        }
    }
}

extension Cloud {
    var wireName: String {
        switch self {
        case .community: "COMMUNITY"
        case .secure: "SECURE"
        }
    }

    init?(wireName: String) {
        switch wireName.uppercased() {
        case "COMMUNITY": self = .community
        case "SECURE": self = .secure
        default: return nil
        }
    }
}
