import CastCore
import Foundation
import Testing

@Suite struct PulseTests {
    static let pulse = Pulse(
        pid: 7, startedAt: 1, writtenAt: 2, serverAnsweredAt: 3, progressedAt: 4, jobs: [5, 6])

    @Test func `a pulse is a file that other versions read as well`() throws {
        let data = try JSONEncoder().encode(Self.pulse)
        let fields = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(fields.keys) == ["pid", "started_at", "written_at", "server_answered_at", "progressed_at", "jobs"])
        #expect(try JSONDecoder().decode(Pulse.self, from: data) == Self.pulse)
        let least = Data(#"{"pid": 7, "started_at": 1, "written_at": 2, "jobs": [], "new": true}"#.utf8)
        #expect(try JSONDecoder().decode(Pulse.self, from: least) == Pulse(pid: 7, startedAt: 1, writtenAt: 2))
    }

    static let changes: [(String, isAsFar: Bool, @Sendable (inout Pulse) -> Void)] = [
        ("nothing", true, { _ in }),
        ("written later", true, { $0.writtenAt += 5 }),
        ("another process", false, { $0.pid = 8 }),
        ("another answer", false, { $0.serverAnsweredAt = 9 }),
        ("no answer", false, { $0.serverAnsweredAt = nil }),
        ("progress", false, { $0.progressedAt = 9 }),
        ("a job came", false, { $0.jobs.append(7) }),
        ("a job went", false, { $0.jobs.removeFirst() }),
    ]

    @Test func `only what the worker did makes a pulse another one`() {
        for (name, isAsFar, change) in Self.changes {
            var other = Self.pulse
            change(&other)
            #expect(Self.pulse.isAsFar(as: other) == isAsFar, "\(name)")
            #expect(other.isAsFar(as: Self.pulse) == isAsFar, "\(name)")
        }
    }

    @Test func `it lies in the worker's home`() {
        #expect(HomeFolder(path: "/home/node/.cast2md").pulsePath == "/home/node/.cast2md/pulse.json")
    }
}
