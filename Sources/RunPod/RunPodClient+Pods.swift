package import CastCore
import Foundation
import Logging

extension RunPodClient {
    /// Buys a pod; see `GPUProvider.create`.
    package func create(_ request: PodRequest) async throws(ProviderFailure) -> ProviderPod {
        let answer = try await self.transport.perform(.post(.createPod, "/v2/pods", PodBody(request)))
        guard let fields = answer.object, let pod = ProviderPod(.object(fields.fields), name: request.name) else {
            throw ProviderFailure(
                .unknownOutcome, "RunPod took the pod, but its answer names no id.", requestID: answer.requestID,
                status: answer.status)
        }
        return pod
    }

    /// The pods of exactly this name.
    ///
    /// - Throws: `.unavailable` also when none was found in a list that could not be read to its end.
    package func find(name: String) async throws(ProviderFailure) -> [ProviderPod] {
        let list = try await self.list(prefix: name)
        let found = list.pods.filter { $0.name == name }
        guard !found.isEmpty || list.isComplete else {
            throw ProviderFailure(
                .unavailable, "RunPod's list of pods cannot be read whole: \(list.unreadable.joined(separator: " "))")
        }
        return found
    }

    /// One pod; nil only when RunPod itself said that there is none.
    package func pod(_ id: PodID) async throws(ProviderFailure) -> ProviderPod? {
        let answer: RunPodAnswer
        do {
            answer = try await self.transport.perform(.read("/v2/pods/\(RunPodCall.segment(id.rawValue))"))
        } catch {
            guard error.kind == .gone else { throw error }
            return nil
        }
        let object = try Self.object(answer, .read)
        guard let pod = ProviderPod(.object(object.fields)), pod.id == id else {
            throw ProviderFailure(
                .unavailable, "RunPod's answer is not about the pod \(id).", requestID: answer.requestID,
                status: answer.status)
        }
        return pod
    }

    /// The account's pods whose names begin so, page after page.
    package func list(prefix: String) async throws(ProviderFailure) -> PodList {
        var list = PodList()
        var known: Set<PodID> = []
        for entry in try await self.entries() {
            guard var pod = ProviderPod(entry) else {
                list.unreadable.append("An entry has no readable id.")
                continue
            }
            guard known.insert(pod.id).inserted else { continue }
            if pod.name.isEmpty {
                guard let named = try? await self.pod(pod.id), !named.name.isEmpty else {
                    list.unreadable.append("The pod \(pod.id) has no readable name.")
                    continue
                }
                pod = named
            }
            if pod.name.hasPrefix(prefix) { list.pods.append(pod) }
        }
        if !list.isComplete {
            self.transport.logger.warning(
                "runpod's list has pods that cannot be read", metadata: ["reasons": "\(list.unreadable)"])
        }
        return list
    }

    /// Ends a pod and its bill; one that is gone already is a success.
    package func terminate(_ id: PodID) async throws(ProviderFailure) {
        do {
            _ = try await self.transport.perform(.delete("/v2/pods/\(RunPodCall.segment(id.rawValue))"))
        } catch {
            guard error.kind == .gone else { throw error }
        }
    }

    /// The entries of all pages; older answers have no pages.
    private func entries() async throws(ProviderFailure) -> [JSONValue] {
        var entries: [JSONValue] = []
        var cursor: String?
        var seen: Set<String> = []
        for _ in 0..<Self.mostPages {
            var query = [("limit", "1000")]
            if let cursor { query.append(("cursor", cursor)) }
            let answer = try await self.transport.perform(.read("/v2/pods", query))
            let object = try Self.object(answer, .read)
            guard let pods = object.array("pods") else {
                throw ProviderFailure(
                    .unavailable, "RunPod's list of pods holds no pods.", requestID: answer.requestID,
                    status: answer.status)
            }
            entries += pods
            let pages = object.object("pagination")
            guard let pages, let next = pages.name("nextCursor"), pages.bool("hasNextPage") != false else {
                guard pages?.bool("hasNextPage") != true else { break }
                return entries
            }
            guard seen.insert(next).inserted else { break }
            cursor = next
        }
        throw ProviderFailure(.unavailable, "RunPod's list of pods does not end.")
    }

    private static let mostPages = 100
}
