import Foundation

/// Whose a pod is that the provider lists, and what is to be done with it.
///
/// The account may be shared: with other servers, with people. What is not provably ours is never touched.
package struct SweepPolicy: Sendable, Equatable {
    /// The variable in a pod's environment that says which server made it.
    package static let serverVariable = "CAST2MD_SERVER_ID"

    package enum Verdict: Sendable, Equatable {
        /// The pod that a row tells of.
        case known(InstanceID)
        /// The pod that a create of ours rented without our hearing of it.
        case adopt(InstanceID)
        /// Ours, and nothing accounts for it.
        case end(String)
        case leave(String)
    }

    package var server: String

    package init(server: String) { self.server = server }

    /// Judges all of them together, since of two pods with one name only one can be kept.
    ///
    /// - Returns: A verdict for each, in the order of the pods.
    package func judge(_ pods: [ProviderPod], rows: [Pod]) -> [Verdict] {
        var adopted: Set<InstanceID> = []
        let oldestFirst = pods.indices.sorted { left, right in
            let (leftTime, rightTime) = (
                pods[left].createdAt ?? .distantFuture, pods[right].createdAt ?? .distantFuture
            )
            return leftTime != rightTime ? leftTime < rightTime : pods[left].id.rawValue < pods[right].id.rawValue
        }
        var verdicts = [Verdict](repeating: .leave("not ours"), count: pods.count)
        for index in oldestFirst {
            let verdict = self.judge(pods[index], rows: rows, adopted: adopted)
            if case .adopt(let instance) = verdict { adopted.insert(instance) }
            verdicts[index] = verdict
        }
        return verdicts
    }

    private func judge(_ pod: ProviderPod, rows: [Pod], adopted: Set<InstanceID>) -> Verdict {
        if let row = rows.first(where: { $0.rental?.pod == pod.id }) { return .known(row.instance) }
        guard pod.name.hasPrefix(InstanceID.podPrefix) else { return .leave("not named like a pod of ours") }
        guard pod.status != .terminated else { return .leave("ended") }
        let maker = pod.environment[Self.serverVariable]
        if let maker, maker != self.server { return .leave("another server made it") }
        let row = rows.first { $0.name == pod.name && $0.instance.podName == pod.name }
        if maker == nil {
            // Four digits are soon drawn twice by two servers: the time has to fit as well.
            guard let row, let createdAt = pod.createdAt, createdAt >= row.plannedAt - 60 else {
                return .leave("nothing says who made it")
            }
        }
        guard let row else { return .end("a pod of ours that this server has no record of") }
        if row.ask != nil, !adopted.contains(row.instance) { return .adopt(row.instance) }
        return row.isOpen
            ? .end("a second pod of the name \(pod.name)") : .end("the record of this pod was closed, but it is there")
    }
}
