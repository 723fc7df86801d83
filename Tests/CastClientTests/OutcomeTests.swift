import CastClient
import CastCore
import Testing

@Suite struct OutcomeTests {
    @Test func `every number is tried, whatever becomes of the others`() async throws {
        var seen: [String] = []
        let outcomes = try await Outcome.each([1, 2, 3]) { id in
            guard id != 2 else { throw CastError(.notFound, "There is no such job.") }
            return "Job cancelled"
        } onOutcome: {
            seen.append($0.sentence("Job"))
        }
        #expect(seen == ["Job cancelled (job 1).", "Job 2: There is no such job.", "Job cancelled (job 3)."])
        #expect(outcomes.compactMap(\.errorCode) == [.notFound])
    }

    @Test func `what is no fault of one ends all`() async {
        await #expect(throws: CancellationError.self) {
            try await Outcome.each([1, 2]) { _ in throw CancellationError() }
        }
    }
}
