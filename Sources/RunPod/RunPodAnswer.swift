import CastCore
import Foundation

/// What came back for a request, whole.
struct RunPodAnswer: Sendable {
    var status: Int
    var body: Data
    var requestID: String?
    var retryAfter: Duration?

    var isSuccess: Bool { (200..<300).contains(self.status) }

    var object: WireObject? { WireObject(self.body) }
}

extension ProviderFailure {
    /// What an answer without success means.
    ///
    /// RunPod itself answers in JSON. A page comes from something in between and says nothing about what was asked:
    /// a "not found" of a proxy is no proof that a pod is gone.
    init(_ answer: RunPodAnswer, to purpose: RunPodCall.Purpose) {
        let problem = answer.object
        self.init(
            Self.kind(answer, problem: problem, purpose), Self.text(answer, problem: problem),
            requestID: answer.requestID, status: answer.status)
    }

    private static func kind(
        _ answer: RunPodAnswer, problem: WireObject?, _ purpose: RunPodCall.Purpose
    ) -> ProviderFailure.Kind {
        if answer.status == 429 { return .rateLimited(retryAfter: answer.retryAfter ?? .seconds(5)) }
        guard let problem else { return purpose.unclear }
        switch answer.status {
        case 400 where purpose == .createPod: return Self.speaksOfCapacity(problem) ? .noCapacity : .invalidRequest
        case 401, 403: return .forbidden
        case 402: return .outOfMoney
        case 404 where purpose == .createPod: return .invalidRequest
        // Any web server says "not found", in JSON as well; only RunPod's form of it ends a pod for us.
        case 404: return problem.number("status") == 404 ? .gone : purpose.unclear
        case 410: return .unavailable
        case 400..<500: return .invalidRequest
        default: return purpose.unclear
        }
    }

    /// RunPod has no code for "nothing free": only its sentences, of which these parts stayed over the years.
    private static func speaksOfCapacity(_ problem: WireObject) -> Bool {
        let detail = (problem.string("detail") ?? problem.string("message") ?? "").lowercased()
        return [
            "no longer any instances", "no instances available", "does not have the resources", "not enough free gpus",
        ]
        .contains { detail.contains($0) }
    }

    private static func text(_ answer: RunPodAnswer, problem: WireObject?) -> String {
        guard let problem else { return Self.pageText(answer) }
        let detail = problem.name("detail") ?? problem.name("message") ?? problem.name("error") ?? problem.name("title")
        let errors = (problem.array("errors") ?? []).prefix(5).compactMap { error in
            if case .string(let text) = error { String(text.prefix(300)) } else { nil }
        }
        let parts = [detail.map { String($0.prefix(500)) } ?? "RunPod gave no reason."] + errors
        return parts.joined(separator: " ")
    }

    private static func pageText(_ answer: RunPodAnswer) -> String {
        guard !answer.body.isEmpty else { return "The answer was empty." }
        let page = String(decoding: answer.body.prefix(4096), as: UTF8.self)
        var title = "no title"
        if let start = page.range(of: "<title>", options: .caseInsensitive),
            let end = page.range(of: "</title>", options: .caseInsensitive, range: start.upperBound..<page.endIndex)
        {
            title = page[start.upperBound..<end.lowerBound].prefix(100).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return "The answer was a page (\(title)), not RunPod's JSON."
    }
}
