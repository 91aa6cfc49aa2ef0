-- One thread of wrk is one sender. The file named first holds a request for each, parted by the byte 1: in it
-- @count@ becomes ten digits that stand once in a run, @seq@ any number up to the second argument.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  local requests = {}
  for text in io.open(args[1]):read("*a"):gmatch("[^\1]+") do
    table.insert(requests, text)
  end
  template = requests[number % #requests + 1]
  count = number * 10000000
  most = tonumber(args[2])
  math.randomseed(number + 1)
end

function request()
  count = count + 1
  local text = template:gsub("@count@", string.format("%010d", count))
  return (text:gsub("@seq@", function() return math.random(51, most) end))
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
