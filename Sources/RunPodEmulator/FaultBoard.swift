import CastCore

/// The faults that are armed, and how often each is still to happen.
struct FaultBoard: Sendable {
    private(set) var faults: [Fault] = []

    mutating func arm(_ fault: Fault) { self.faults.append(fault) }

    mutating func clear() { self.faults = [] }

    mutating func clearHolds(of operation: Operation) {
        self.faults.removeAll { [.holdRequest, .holdAnswer].contains($0.kind) && $0.operation == operation }
    }

    /// Takes the first fault of a kind that fits; nil for a property that a fault leaves open matches anything.
    mutating func take(
        _ kind: Fault.Kind, _ operation: Operation, gpu: String? = nil, cloud: Cloud? = nil, dataCentre: String? = nil
    ) -> Fault? {
        let index = self.faults.firstIndex { fault in
            fault.kind == kind && [.any, operation].contains(fault.operation)
                && (fault.gpu == nil || fault.gpu == gpu) && (fault.cloud == nil || fault.cloud == cloud)
                && (fault.dataCentre == nil || fault.dataCentre == dataCentre)
        }
        guard let index else { return nil }
        let fault = self.faults[index]
        if let count = fault.count {
            if count <= 1 { self.faults.remove(at: index) } else { self.faults[index].count = count - 1 }
        }
        return fault
    }

    /// What spoils a request of this kind before it does anything.
    mutating func spoil(
        _ operation: Operation, gpu: String? = nil, cloud: Cloud? = nil, dataCentre: String? = nil
    ) throws {
        func take(_ kind: Fault.Kind) -> Fault? {
            self.take(kind, operation, gpu: gpu, cloud: cloud, dataCentre: dataCentre)
        }
        if let fault = take(.rateLimited) { throw Problem.rateLimited(fault.retryAfter) }
        if take(.htmlErrorPage) != nil { throw Spoilt.page }
        if take(.forbidden) != nil { throw Problem.forbidden }
        if take(.outOfMoney) != nil { throw Problem.outOfMoney }
        if take(.terminateMisses) != nil { throw Problem.notFound }
        for kind in [Fault.Kind.serverErrorBefore, .listFails, .terminateFails] where take(kind) != nil {
            throw Problem(status: 500, detail: "Something went wrong. Please try again later or contact support.")
        }
    }
}
