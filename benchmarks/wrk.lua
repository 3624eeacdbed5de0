-- wrk's side of the load: what to send, by the environment that load.py sets, and one line of JSON at the end.

local job, run = os.getenv("JOB"), os.getenv("RUN")
local rows = tonumber(os.getenv("ROWS"))
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local function get()
  return wrk.format("GET", string.format("/v1/events/01900000-0000-7000-8000-%012x", math.random(rows)))
end

-- Each line of the file is a body with the places for its external id and its day marked.
local function read_bodies()
  local bodies = {}
  for line in io.lines(os.getenv("BODIES")) do
    local before, between, after = line:match("^(.-)@external@(.-)@day@(.*)$")
    bodies[#bodies + 1] = { before = before, between = between, after = after }
  end
  return bodies
end

local function create()
  local bodies, sent = read_bodies(), 0
  local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("KEY") }
  return function()
    sent = sent + 1
    local body = bodies[sent % #bodies + 1]
    local external = run .. "-" .. number .. "-" .. sent
    -- One of the 9,000 days from 2000-01-01, as the rows have.
    local day = os.date("!%Y-%m-%d", 946684800 + math.random(0, 8999) * 86400)
    return wrk.format("POST", "/v1/events", headers, body.before .. external .. body.between .. day .. body.after)
  end
end

function init()
  math.randomseed(number)
  if job == "get" then
    request = get
  elseif job == "create" then
    request = create()
  else
    local always = wrk.format("GET", job == "list" and "/v1/events?limit=50" or "/")
    request = function() return always end
  end
end

function done(summary)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %f, "errors": %d}',
    summary.requests,
    summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
