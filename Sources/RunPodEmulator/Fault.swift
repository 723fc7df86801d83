package import CastCore
import Foundation

/// Something that goes wrong on purpose.
package struct Fault: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// 400 with RunPod's sentence; with `dataCentre` only that place is full.
        case noCapacity
        /// 402.
        case outOfMoney
        /// 403.
        case forbidden
        /// 429 with `retryAfter` seconds, and nothing else happens.
        case rateLimited
        /// 500, and nothing else happens.
        case serverErrorBefore
        /// 500, but the pod exists and bills.
        case serverErrorAfter
        /// The pod exists and bills, and the connection closes without an answer.
        case dropConnectionAfterCreate
        /// The process starts `seconds` later.
        case slowPull
        /// The process never starts; the system log says why.
        case pullLoop
        /// The pod gets `givenGPU`, or any other.
        case wrongGPU
        /// The host's driver supports `cudaVersion` only, whatever was asked for.
        case oldDriver
        /// The process ends `seconds` after its start and never comes back; the pod is in ERROR, and bills.
        case podDies
        /// All of the pod's processes stand still `seconds` after its start; RunPod shows nothing of it, and bills.
        case podSilent
        /// The pod is gone `seconds` after its start: its processes, its entry in the list, its bill.
        case podVanishes
        /// The list leaves the pod out (`pod`, else the newest).
        case listMissesPodOnce
        /// 500 for the list.
        case listFails
        /// A page instead of JSON, status 502.
        case htmlErrorPage
        /// 500 for DELETE, and the pod goes on.
        case terminateFails
        /// 404 for DELETE, as if there were no such pod, and the pod goes on.
        case terminateMisses
        /// The pod costs `pricePerHour`; the catalogue does not know yet.
        case priceChange
        /// Nothing is done with the request until the fault is taken away; then it goes on, whoever still waits for it.
        case holdRequest
        /// What was asked for is done, and the answer waits until the fault is taken away.
        case holdAnswer
    }

    package var kind: Kind
    /// How often; nil until it is taken away.
    package var count: Int?
    package var gpu: String?
    package var cloud: Cloud?
    package var dataCentre: String?
    /// The id or the name of a pod, to which a fault in a pod's life then happens now.
    package var pod: String?
    /// For faults that can happen to any request; nil is where they usually happen.
    package var on: Operation?
    package var retryAfter: Int = 5
    package var seconds: Double = 0
    package var cudaVersion: CUDAVersion?
    package var pricePerHour: Money?
    package var givenGPU: String?

    package init(_ kind: Kind, count: Int? = nil) {
        self.kind = kind
        self.count = count ?? (kind == .listMissesPodOnce ? 1 : nil)
    }

    var operation: Operation {
        if let on { return on }
        return switch self.kind {
        case .rateLimited, .htmlErrorPage, .holdRequest, .holdAnswer: .any
        case .listFails, .listMissesPodOnce: .list
        case .terminateFails, .terminateMisses: .terminate
        case .noCapacity, .outOfMoney, .forbidden, .serverErrorBefore, .serverErrorAfter, .dropConnectionAfterCreate,
            .slowPull, .pullLoop, .wrongGPU, .oldDriver, .podDies, .podSilent, .podVanishes, .priceChange:
            .create
        }
    }
}

/// What a request does, as far as faults tell requests apart.
package enum Operation: String, Sendable, CaseIterable {
    case any
    case create
    case list
    case read
    case terminate
    case catalogue
    case billing
    case logs
    case other
}

extension Fault {
    /// Reads a fault of the admin route or of a scenario.
    init(_ reader: inout StrictReader) {
        let name = reader.choice("kind", of: Kind.allCases.map(\.rawValue))
        if name == nil, reader.faults.isEmpty { reader.note("kind is required") }
        self.init(name.flatMap(Kind.init(rawValue:)) ?? .noCapacity, count: reader.int("count", atLeast: 1))
        self.gpu = reader.string("gpu")
        self.cloud = reader.choice("cloud", of: ["SECURE", "COMMUNITY"]).map { $0 == "SECURE" ? .secure : .community }
        self.dataCentre = reader.string("dataCentre")
        self.pod = reader.string("pod")
        self.on = reader.choice("on", of: Operation.allCases.map(\.rawValue)).flatMap(Operation.init(rawValue:))
        self.retryAfter = reader.int("retryAfter") ?? self.retryAfter
        self.seconds = reader.number("seconds") ?? 0
        self.cudaVersion = reader.string("cudaVersion").flatMap { CUDAVersion($0) }
        self.pricePerHour = reader.number("pricePerHour").flatMap(Money.init(dollars:))
        self.givenGPU = reader.string("givenGPU")
    }

    var json: JSONValue {
        var fields: [String: JSONValue] = ["kind": .string(self.kind.rawValue)]
        fields["count"] = self.count.map { .int(Int64($0)) }
        fields["gpu"] = self.gpu.map(JSONValue.string)
        fields["cloud"] = self.cloud.map { .string($0.wireName) }
        fields["dataCentre"] = self.dataCentre.map(JSONValue.string)
        fields["pod"] = self.pod.map(JSONValue.string)
        fields["on"] = .string(self.operation.rawValue)
        return .object(fields)
    }
}

extension Cloud {
    var wireName: String {
        switch self {
        case .community: "COMMUNITY"
        case .secure: "SECURE"
        }
    }
}
