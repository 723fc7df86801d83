import CastCore
import Testing

struct InstanceIDTests {
    @Test(arguments: ["", "a3f", "A3F2", "a3g2", "a3f2\n", "0123456789abc", "á3f2"])
    func `what is no instance id is refused`(text: String) {
        #expect(InstanceID(text) == nil)
    }

    @Test func `its names are those of the existing server`() throws {
        let instance = try #require(InstanceID("a3f2"))
        #expect(instance.podName == "cast2md-afterburner-a3f2")
        #expect(instance.nodeName == "RunPod Afterburner a3f2")
        #expect(instance.tailscaleHostname == "runpod-afterburner-a3f2")
        #expect(InstanceID(podName: instance.podName) == instance)
        #expect(InstanceID(nodeName: instance.nodeName) == instance)
        #expect(InstanceID(podName: "cast2md-afterburner-a3f2-copy") == nil)
        #expect(InstanceID(nodeName: "a3f2") == nil)
    }

    @Test func `a drawn one is not in use, and gets longer where it is crowded`() throws {
        var number: UInt64 = 0
        func next() -> UInt64 {
            defer { number += 1 }
            return number
        }
        #expect(InstanceID.draw(notIn: [], random: next).text == "0000")
        #expect(InstanceID.draw(notIn: [try #require(InstanceID("0001"))], random: next).text == "0002")
        let used = Set(
            (0..<64).compactMap {
                InstanceID(String(repeating: "0", count: 2) + ($0 < 16 ? "0" : "") + String($0, radix: 16))
            })
        number = 0
        let drawn = InstanceID.draw(notIn: used, random: next)
        #expect(drawn.text == "00010")
    }
}
