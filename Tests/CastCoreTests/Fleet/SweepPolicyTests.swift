import CastCore
import Foundation
import Testing

struct SweepPolicyTests {
    static let name = "cast2md-afterburner-a3f2"

    static func listed(
        _ id: PodID, name: String = Self.name, server: String? = "me", age: TimeInterval? = 100,
        status: ProviderPod.Status = .running
    ) -> ProviderPod {
        ProviderPod(
            id: id, name: name, status: status, createdAt: age.map { PodTests.start + 200 - $0 },
            environment: server.map { [SweepPolicy.serverVariable: $0] } ?? [:])
    }

    struct Row: CustomTestStringConvertible {
        var what: String
        var pod: ProviderPod
        var row: PodTests.Place?
        var verdict: String
        var testDescription: String { self.what }
    }

    static let rows = [
        Row(what: "with its row", pod: Self.listed("pod"), row: .ready, verdict: "known"),
        Row(what: "with its row, ending", pod: Self.listed("pod"), row: .terminating, verdict: "known"),
        Row(
            what: "with its row, environment unreadable", pod: Self.listed("pod", server: nil), row: .ready,
            verdict: "known"),
        Row(what: "without a row", pod: Self.listed("pod"), verdict: "end"),
        Row(what: "its create got no answer", pod: Self.listed("x"), row: .asked, verdict: "adopt"),
        Row(
            what: "its create got no answer and it is to end", pod: Self.listed("x"), row: .endingAsked,
            verdict: "adopt"),
        Row(what: "its row waits to ask", pod: Self.listed("x"), row: .wanted, verdict: "end"),
        Row(what: "its row was closed", pod: Self.listed("x"), row: .gone, verdict: "end"),
        Row(what: "a second one of the name", pod: Self.listed("x"), row: .ready, verdict: "end"),
        Row(what: "another server's", pod: Self.listed("x", server: "other"), verdict: "leave"),
        Row(
            what: "another server's of our name", pod: Self.listed("x", server: "other"), row: .asked, verdict: "leave"),
        Row(what: "unreadable and unknown", pod: Self.listed("x", server: nil), verdict: "leave"),
        Row(what: "unreadable, of our intent", pod: Self.listed("x", server: nil), row: .asked, verdict: "adopt"),
        Row(
            what: "unreadable, older than our intent", pod: Self.listed("x", server: nil, age: 900), row: .asked,
            verdict: "leave"),
        Row(
            what: "unreadable, of unknown age", pod: Self.listed("x", server: nil, age: nil), row: .asked,
            verdict: "leave"),
        Row(what: "a person's", pod: Self.listed("x", name: "my-notebook"), verdict: "leave"),
        Row(what: "ended", pod: Self.listed("x", status: .terminated), verdict: "leave"),
        Row(what: "ours, with a name of no instance", pod: Self.listed("x", name: Self.name + "-copy"), verdict: "end"),
    ]

    static func picture(_ verdict: SweepPolicy.Verdict) -> String {
        switch verdict {
        case .known: "known"
        case .adopt: "adopt"
        case .end: "end"
        case .leave: "leave"
        }
    }

    @Test(arguments: Self.rows)
    func `a listed pod is judged by whose it is`(row: Row) {
        let rows = row.row.map { [PodTests.pod($0)] } ?? []
        #expect(SweepPolicy(server: "me").judge([row.pod], rows: rows).map(Self.picture) == [row.verdict])
    }

    @Test func `of two pods with one name the older is kept`() {
        let verdicts = SweepPolicy(server: "me").judge(
            [Self.listed("new", age: 10), Self.listed("old", age: 20)], rows: [PodTests.pod(.asked)])
        #expect(verdicts.map(Self.picture) == ["end", "adopt"])
    }
}
