import CastCore
import Foundation
import Testing

struct PulseTests {
    private let pulse = Pulse(
        pid: 7, startedAt: 1, writtenAt: 2, serverAnsweredAt: 3, progressedAt: 4, jobs: [5], longestAudioSeconds: 6)

    @Test func `the file's names are those that the documentation says, and it reads what it writes`() throws {
        let data = try JSONEncoder().encode(self.pulse)
        let fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(fields.keys) == [
                "pid", "started_at", "written_at", "server_answered_at", "progressed_at", "jobs",
                "longest_audio_seconds",
            ])
        #expect(try JSONDecoder().decode(Pulse.self, from: data) == self.pulse)
        // A worker that has heard nothing yet says nothing of it.
        let bare = try JSONDecoder().decode(
            Pulse.self, from: Data(#"{"pid": 7, "started_at": 1, "written_at": 2, "jobs": []}"#.utf8))
        #expect(bare == Pulse(pid: 7, startedAt: 1, writtenAt: 2))
    }

    @Test func `only what tells of work counts, not when it was written`() {
        func changed(_ change: (inout Pulse) -> Void) -> Bool {
            var other = self.pulse
            change(&other)
            return !self.pulse.isAsFar(as: other)
        }
        #expect(!changed { _ in })
        #expect(!changed { $0.writtenAt = 99 })
        #expect(!changed { $0.longestAudioSeconds = 99 })
        #expect(changed { $0.pid = 8 })
        #expect(changed { $0.serverAnsweredAt = 99 })
        #expect(changed { $0.serverAnsweredAt = nil })
        #expect(changed { $0.progressedAt = 99 })
        #expect(changed { $0.jobs = [5, 6] })
    }

    @Test func `it is in the worker's home`() {
        #expect(HomeFolder(path: "/a/b").pulsePath == "/a/b/pulse.json")
    }
}
